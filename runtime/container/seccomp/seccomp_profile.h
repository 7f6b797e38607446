// Docker's format of a seccomp profile (archMap; rules with includes and excludes by capability,
// architecture and kernel version), of which the specification's seccomp section is what is left
// for one set of capabilities on one processor. Pure. Throws Error naming the place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/container/seccomp/seccomp_config.h"

namespace mini::container {

// The capabilities that some rule asks about: two sets that agree in these get the same rules.
uint64_t profile_capabilities(std::string_view json, const std::string& name);

// The rules that hold with `capabilities` (a mask) on this processor and any kernel that mini runs
// on.
Seccomp select_profile(std::string_view json, const std::string& name, uint64_t capabilities);

}  // namespace mini::container
