#include "runtime/base/fd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini {

void Fd::reset(int fd) {
  // Linux has closed the descriptor even when close(2) reports EINTR: never again.
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

void Fd::close(const std::string& name) {
  if (fd_ >= 0 && ::close(release()) < 0 && errno != EINTR) throw SysError(cat(name, ": close"));
}

Fd Fd::duplicate() const {
  Fd copy(fcntl(fd_, F_DUPFD_CLOEXEC, 0));
  if (!copy) throw SysError("file descriptor: duplicate");
  return copy;
}

Pipe make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) throw SysError("pipe");
  return {Fd(fds[0]), Fd(fds[1])};
}

std::pair<Fd, Fd> make_socketpair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) throw SysError("socketpair");
  return {Fd(fds[0]), Fd(fds[1])};
}

void set_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

struct stat stat_fd(int fd, const std::string& name) {
  struct stat info;
  if (fstat(fd, &info) < 0) throw SysError(name);
  return info;
}

Fd open_file(const std::string& path, int flags, unsigned mode) {
  return open_at(AT_FDCWD, path, flags, mode);
}

Fd open_at(int dir, const std::string& path, int flags, unsigned mode) {
  int fd;
  do {
    fd = openat(dir, path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw SysError(path);
  return Fd(fd);
}

void write_all(int fd, std::string_view data, const std::string& name) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw SysError(cat(name, ": write"));
    }
    data.remove_prefix(static_cast<size_t>(written));
  }
}

size_t read_full(int fd, void* buffer, size_t size, const std::string& name) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = read(fd, static_cast<char*>(buffer) + done, size - done);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw SysError(cat(name, ": read"));
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

std::string read_all(int fd, const std::string& name, size_t limit) {
  constexpr size_t kFirst = 4096;
  std::string data;
  size_t used = 0;
  for (;;) {
    // One byte more than the limit, so that a file of exactly `limit` bytes is seen to end.
    const size_t room = std::min(std::max(kFirst, used * 2), limit == SIZE_MAX ? limit : limit + 1);
    data.resize(room);
    used += read_full(fd, data.data() + used, room - used, name);
    if (used > limit) throw Error(cat(name, ": larger than ", limit, " bytes"));
    if (used < room) break;
  }
  data.resize(used);
  return data;
}

Fd sealed_memfd(const char* name, std::string_view data, bool executable) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
#ifndef MFD_NOEXEC_SEAL
  constexpr unsigned MFD_NOEXEC_SEAL = 8, MFD_EXEC = 16;  // Linux 6.3
#endif
  Fd fd(memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL)));
  if (!fd && errno == EINVAL) fd.reset(memfd_create(name, flags));
  if (!fd) throw SysError(cat("memory file ", name));
  write_all(fd.get(), data, name);
  if (lseek(fd.get(), 0, SEEK_SET) < 0) throw SysError(cat("memory file ", name, ": seek"));
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
    throw SysError(cat("memory file ", name, ": seal"));
  }
  return fd;
}

}  // namespace mini
