// The texts of -p, --expose and of filters by port -> values. Docker's forms; strict; pure. Every
// Error (usage) names the flag, the text and what would be right. Ports go from 1 to 65535; a host
// port of 0 means any that is free. tcp and udp only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/engine/record/record.h"

namespace mini::cmd {

struct PortRange {
  uint16_t first = 0, last = 0;
  std::string protocol = "tcp";

  bool contains(uint16_t port, const std::string& of_protocol) const {
    return port >= first && port <= last && of_protocol == protocol;
  }
};

// "80", "8000-8010/udp"; `flag` is for errors.
PortRange port_range(const char* flag, const std::string& text, ErrorKind kind = ErrorKind::usage);

// [ADDRESS:][HOST]:CONTAINER[/PROTOCOL], CONTAINER alone, ranges on one or both sides, an IPv6
// address with or without brackets, and target=80,published=8080,protocol=udp.
std::vector<engine::PortRequest> publish_flag(const std::string& text);

// The same port asked for twice is one; the same port of this machine for two of the container's is
// refused.
void add_ports(std::vector<engine::PortRequest>& ports,
               const std::vector<engine::PortRequest>& more);

// "7000-7001/udp" -> "7000/udp", "7001/udp".
std::vector<std::string> expose_flag(const std::string& text);

// As Config.ExposedPorts has it: "80/tcp".
std::string exposed_port(const engine::PortRequest& port);

}  // namespace mini::cmd
