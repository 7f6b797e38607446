// Host names, looked up by c-ares: /etc/hosts first, then the name servers of /etc/resolv.conf. getaddrinfo would not do: it knows no deadline, and
// a static program cannot load what it needs. Also the clock that all time limits are measured by.
#pragma once
#include <chrono>
#include <stdexcept>
#include <string>

namespace shop {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

struct NameError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The IPv4 address of `host`, as "10.0.0.7"; NameError when there is none, or none by the deadline. `servers` replaces those of
// /etc/resolv.conf: "address:port,…".
std::string resolve(const std::string& host, Deadline deadline, const std::string& servers = "");

}  // namespace shop
