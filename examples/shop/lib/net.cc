#include "lib/net.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/dns.h"

namespace shop {
namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw NetError(what + ": " + std::strerror(error));
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() {
  int fd = fd_;
  fd_ = -1;
  return fd;
}

bool wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd item{fd, events, 0};
    int ready = ::poll(&item, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) fail("poll");
  }
}

in_addr resolve(const std::string& host, Deadline deadline) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return address;
  if (auto known = lookup_hosts(host)) return *known;
  return lookup_dns(host, deadline);
}

Fd connect_to(const std::string& host, uint16_t port, Deadline deadline) {
  std::string where = host + ":" + std::to_string(port);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  peer.sin_addr = resolve(host, deadline);
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) fail("socket");
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0) return fd;
  if (errno != EINPROGRESS) fail("connect to " + where);
  if (!wait_for(fd.get(), POLLOUT, deadline)) throw NetError("connect to " + where + ": timed out");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) fail("connect to " + where, error);
  return fd;
}

Fd listen_on(uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) fail("socket");
  int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in self{};
  self.sin_family = AF_INET;
  self.sin_port = htons(port);
  self.sin_addr.s_addr = INADDR_ANY;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self) != 0 ||
      ::listen(fd.get(), 1024) != 0) {
    fail("listen on port " + std::to_string(port));
  }
  return fd;
}

uint16_t port_of(int fd) {
  sockaddr_in self{};
  socklen_t size = sizeof self;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&self), &size) != 0) fail("getsockname");
  return ntohs(self.sin_port);
}

}  // namespace shop
