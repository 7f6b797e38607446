// A range of addresses that this host does not use: none of its routes (but the default) or
// addresses overlaps it, in any table, nor a network of mini.
#pragma once

#include <vector>

#include "runtime/network/link/address.h"

namespace mini::network {

// What is in use in the calling thread's namespace; routes through `except` (an interface's name)
// do not count.
std::vector<Subnet> used_subnets(const std::string& except = {});
// Candidates in a fixed order: 10.88.0.0/16 to 10.127.0.0/16, 172.20.0.0/16 to 172.31.0.0/16,
// 192.168.0.0/20 to 192.168.240.0/20. Throws when all are in use. Pure.
Subnet choose_subnet(const std::vector<Subnet>& used);
// A /64 of fd00::/8, chosen at random (RFC 4193), that does not collide.
Subnet choose_subnet6(const std::vector<Subnet>& used);

}  // namespace mini::network
