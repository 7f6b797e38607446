#include "runtime/base/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

Fd open_lock_file(const std::string& path) {
  if (path.ends_with('/')) return open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    return open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  } catch (const SysError& error) {
    if (error.code() != EISDIR) throw;
    return open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }
}

bool try_flock(int fd, LockMode mode, const std::string& path) {
  const int operation = (mode == LockMode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  while (flock(fd, operation) < 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw SysError(cat(path, ": lock"));
  }
  return true;
}

// A lock on a file that has been replaced since it was opened excludes nobody.
bool still_at(int fd, const std::string& path) {
  struct stat held, named;
  if (fstat(fd, &held) < 0) throw SysError(path);
  if (stat(path.c_str(), &named) < 0) {
    if (errno == ENOENT) return false;
    throw SysError(path);
  }
  return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

// `held`: try again with the same descriptor; `replaced`: with a new one.
enum class Attempt { locked, held, replaced };

Attempt attempt(int fd, LockMode mode, const std::string& path) {
  if (!try_flock(fd, mode, path)) return Attempt::held;
  return still_at(fd, path) ? Attempt::locked : Attempt::replaced;
}

// "12: FLOCK  ADVISORY  WRITE 4711 fe:01:1234567 0 EOF"; waiters have "->" after the number. Only
// the inode is compared, because some file systems show another device number here than in stat(2).
std::vector<std::string> holders(int fd) {
  struct stat info;
  if (fstat(fd, &info) < 0) return {};
  const std::string inode = cat(':', static_cast<unsigned long long>(info.st_ino));
  std::vector<std::string> pids;
  for (const std::string& line : split(read_file_if_exists("/proc/locks").value_or(""), '\n')) {
    std::vector<std::string> fields = split(line, ' ');
    std::erase(fields, "");
    if (fields.size() < 6 || fields[1] != "FLOCK" || !fields[5].ends_with(inode)) continue;
    // 0 and -1: a process outside our pid namespace.
    const auto pid = static_cast<pid_t>(parse_number(fields[4]).value_or(0));
    if (pid > 0 && pid != getpid()) pids.push_back(fields[4]);
  }
  return pids;
}

[[noreturn]] void timed_out(int fd, const std::string& path, const std::string& what,
                            int timeout_ms) {
  const std::vector<std::string> pids = holders(fd);
  const std::string who = pids.empty()       ? "a process that cannot be seen from here"
                          : pids.size() == 1 ? cat("process ", pids[0])
                                             : cat("processes ", join(pids, ", "));
  throw Error(cat(what, ": locked by ", who, ", waited ", go_duration(timeout_ms * 1'000'000LL)),
              cat("wait for it to end, or end it; the lock is ", path), ErrorKind::conflict);
}

}  // namespace

FileLock FileLock::acquire(const std::string& path, LockMode mode, const std::string& what,
                           int timeout_ms) {
  constexpr int64_t kLongestPause = 50'000'000;
  const int64_t deadline = monotonic_ns() + timeout_ms * 1'000'000LL;
  int64_t pause = 500'000;
  Fd fd = open_lock_file(path);
  for (;;) {
    const Attempt outcome = attempt(fd.get(), mode, path);
    if (outcome == Attempt::locked) return FileLock(std::move(fd));
    const int64_t left = deadline - monotonic_ns();
    if (left <= 0) timed_out(fd.get(), path, what, timeout_ms);
    if (outcome == Attempt::replaced) {
      fd = open_lock_file(path);
      continue;
    }
    // Not a blocking flock(2): that cannot be given a time limit without a signal or a thread.
    const timespec nap{0, std::min(pause, left)};
    nanosleep(&nap, nullptr);
    pause = std::min(pause * 2, kLongestPause);
  }
}

std::optional<FileLock> FileLock::try_acquire(const std::string& path, LockMode mode) {
  for (;;) {
    Fd fd = open_lock_file(path);
    const Attempt outcome = attempt(fd.get(), mode, path);
    if (outcome == Attempt::locked) return FileLock(std::move(fd));
    if (outcome == Attempt::held) return {};
  }
}

}  // namespace mini
