// TCP for the services: descriptors, deadlines, names. Every wait ends at its deadline. Names are resolved here, from /etc/hosts and then by a UDP
// query to the first name server of /etc/resolv.conf (RFC 1035, A records only), because getaddrinfo knows no deadline and a static binary should
// not load NSS modules: a stopped service's name must fail within the time that a call has. All functions throw NetError.
#pragma once
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <netinet/in.h>

namespace shop {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

struct NetError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  int release();

 private:
  int fd_;
};

// False when the deadline comes first. `events` as for poll(2).
bool wait_for(int fd, short events, Deadline deadline);

in_addr resolve(const std::string& host, Deadline deadline);
Fd connect_to(const std::string& host, uint16_t port, Deadline deadline);
Fd listen_on(uint16_t port);  // on all IPv4 addresses; non-blocking
uint16_t port_of(int fd);

}  // namespace shop
