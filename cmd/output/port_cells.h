// Ports as listings show them: Docker's texts. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/engine/record/record.h"

namespace mini::cmd {

// "0.0.0.0:8080", "[::]:8080".
std::string address_and_port(const std::string& address, const std::string& port);

// One port of a running container: published, or (host_port 0) exposed only.
std::vector<engine::PublishedPort> shown_ports(const engine::Record& record);
// "443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"; adjacent ports with the same number on both
// sides are one range: "0.0.0.0:7000-7002->7000-7002/udp".
std::string ports_cell(const engine::Record& record);

std::string networks_cell(const engine::Record& record);  // "web,db", "host"

}  // namespace mini::cmd
