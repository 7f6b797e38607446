// Owning file descriptors and whole reads and writes. Every descriptor that mini opens is
// close-on-exec. All functions retry EINTR and throw SysError naming what they were given as
// `name`. Not for paths inside a rootfs: see root.h.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mini {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);
  // Closes and throws when the kernel reports a late write error.
  void close(const std::string& name);
  Fd duplicate() const;  // close-on-exec

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
};
Pipe make_pipe();                     // close-on-exec
std::pair<Fd, Fd> make_socketpair();  // AF_UNIX, SOCK_SEQPACKET, close-on-exec

void set_nonblocking(int fd);
// fstat(2).
struct stat stat_fd(int fd, const std::string& name);

Fd open_file(const std::string& path, int flags, unsigned mode = 0);  // O_CLOEXEC added; throws
Fd open_at(int dir, const std::string& path, int flags,
           unsigned mode = 0);  // O_CLOEXEC added; throws
void write_all(int fd, std::string_view data, const std::string& name);
// Reads to the end; throws when there is more than `limit` bytes.
std::string read_all(int fd, const std::string& name, size_t limit = 64 << 20);
// Up to `size` bytes, fewer only at the end of the file.
size_t read_full(int fd, void* buffer, size_t size, const std::string& name);

// A sealed, read-only, anonymous file holding `data`.
Fd sealed_memfd(const char* name, std::string_view data, bool executable);

}  // namespace mini
