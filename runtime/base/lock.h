// Locks between processes that vanish with their owner: flock(2) on a file that is never removed
// while it may be locked. A wait is bounded; when it runs out the Error names the lock and the
// holder's pid (from /proc/locks). Never POSIX fcntl locks.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "runtime/base/fd.h"

namespace mini {

enum class LockMode { shared, exclusive };

class FileLock {
 public:
  // Makes the file (0600) when it is missing; a directory that exists can be locked itself, and
  // then the lock lives and dies with what it protects. `what` is for errors: "the store's garbage
  // collection".
  static FileLock acquire(const std::string& path, LockMode mode, const std::string& what,
                          int timeout_ms = 60'000);
  static std::optional<FileLock> try_acquire(const std::string& path, LockMode mode);

  // A descriptor that was inherited from a process which holds the lock.
  static FileLock adopt(Fd fd) { return FileLock(std::move(fd)); }

  int fd() const { return fd_.get(); }
  void release() { fd_.reset(); }

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace mini
