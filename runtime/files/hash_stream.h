// Bytes in, their SHA-256 and number out. The first MiB is hashed in place; from then on a second
// thread hashes while the caller makes more, behind a queue of eight buffers, so memory stays at 2
// MiB. With a descriptor, everything is also written there. `space` lends the buffer itself, so
// that file content is read once and copied nowhere. One owner; not for several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/base/digest.h"

namespace mini::files {

class HashStream {
 public:
  static constexpr size_t kBuffer = 256 << 10;

  explicit HashStream(int copy_to = -1);
  ~HashStream();

  // At least `least` (at most kBuffer) bytes to fill; `commit` says how many were.
  struct Space {
    char* data;
    size_t size;
  };
  Space space(size_t least);
  void commit(size_t size);

  void write(std::string_view data);
  uint64_t size() const { return size_; }
  Digest finish();  // nothing may follow

 private:
  struct Worker;
  void flush();

  Sha256 hash_;
  std::unique_ptr<char[]> buffer_;
  size_t used_ = 0;
  uint64_t size_ = 0;
  int copy_to_;
  std::unique_ptr<Worker> worker_;  // once there is much
};

}  // namespace mini::files
