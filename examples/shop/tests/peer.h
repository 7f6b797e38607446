// A raw TCP client and a scripted TCP server for tests: what the HTTP code must stand is what no HTTP library would send.
#pragma once
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <thread>

#include "lib/net.h"

namespace shop {

inline Deadline soon(int ms = 5000) { return Clock::now() + std::chrono::milliseconds(ms); }

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
  ScriptedServer(int connections, std::function<void(int fd, int n)> script)
      : listener_(listen_on(0)), port_(port_of(listener_.get())), thread_([this, connections, script] {
          for (int n = 0; n < connections; ++n) {
            if (!wait_for(listener_.get(), POLLIN, soon())) return;
            Fd fd(::accept(listener_.get(), nullptr, nullptr));
            accepted_ = n + 1;
            script(fd.get(), n);
          }
        }) {}
  ~ScriptedServer() { join(); }
  void join() { if (thread_.joinable()) thread_.join(); }
  uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }

 private:
  Fd listener_;
  uint16_t port_;
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace shop
