// What a store calls its things on the host. The store with the usual run directory has the plain
// names ("mini0", table "mini"); any other gets a mark made from its run directory, so that two
// stores on one host never touch each other's interfaces and rules.
#pragma once

#include <string>

#include "runtime/base/state_paths.h"

namespace mini::network {

std::string default_bridge(const StatePaths& paths);  // "mini0", "mini0-1a2b3c4d"
std::string bridge_prefix(const StatePaths& paths);   // of all other bridges
std::string firewall_table(const StatePaths& paths);  // "mini", "mini_1a2b3c4d"

}  // namespace mini::network
