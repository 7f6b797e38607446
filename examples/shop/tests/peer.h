// A raw TCP client and a scripted TCP server for tests: what the HTTP code must stand is what no HTTP library would send.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "lib/names.h"

namespace shop {

inline Deadline soon(int ms = 5000) { return Clock::now() + std::chrono::milliseconds(ms); }

// A socket on the loopback interface, bound to a free port.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() { if (fd_ >= 0) ::close(fd_); }
  int get() const { return fd_; }

  static Socket bound(int type) {
    Socket result(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in self = loopback(0);
    EXPECT_EQ(::bind(result.fd_, reinterpret_cast<sockaddr*>(&self), sizeof self), 0);
    return result;
  }

  // Refused: not connected.
  static Socket connected(uint16_t port, bool& refused) {
    Socket result(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in peer = loopback(port);
    refused = ::connect(result.fd_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0;
    return result;
  }

  uint16_t port() const {
    sockaddr_in self{};
    socklen_t size = sizeof self;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&self), &size), 0);
    return ntohs(self.sin_port);
  }

 private:
  static sockaddr_in loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int fd_;
};

// False when the deadline comes first.
inline bool wait_for(int fd, short events, Deadline deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd item{fd, events, 0};
  return ::poll(&item, 1, static_cast<int>(std::max<int64_t>(0, left))) > 0;
}

// What comes until the peer closes, or until `enough` is found in it, or nothing came for five seconds.
inline std::string read_until(int fd, const std::string& enough = "") {
  std::string all;
  char buffer[4096];
  while ((enough.empty() || all.find(enough) == std::string::npos) && wait_for(fd, POLLIN, soon())) {
    ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
    if (size <= 0) break;
    all.append(buffer, static_cast<size_t>(size));
  }
  return all;
}

inline void write_all(int fd, std::string_view text) {
  while (!text.empty() && wait_for(fd, POLLOUT, soon())) {
    ssize_t size = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return;
    text.remove_prefix(static_cast<size_t>(size));
  }
}

// Accepts connections one after the other and plays `script(fd, n)` on each, n = 0, 1, …; then closes it.
class ScriptedServer {
 public:
  ScriptedServer(int connections, std::function<void(int fd, int n)> script) : listener_(Socket::bound(SOCK_STREAM)) {
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    thread_ = std::thread([this, connections, script] {
      for (int n = 0; n < connections; ++n) {
        if (!wait_for(listener_.get(), POLLIN, soon())) return;
        Socket socket(::accept(listener_.get(), nullptr, nullptr));
        accepted_ = n + 1;
        script(socket.get(), n);
      }
    });
  }
  ~ScriptedServer() { join(); }
  void join() { if (thread_.joinable()) thread_.join(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(listener_.port()); }
  int accepted() const { return accepted_; }

 private:
  Socket listener_;
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace shop
