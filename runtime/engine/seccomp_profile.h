// A seccomp profile's file, in Docker's form (includes, excludes, archMap) or in the runtime specification's: -> the rules that hold for these capabilities on this machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/container/spec.h"

namespace mini::engine {

container::Seccomp parse_seccomp_profile(std::string_view json, const std::string& name,
                                         const std::vector<std::string>& capabilities);
// The same from a file of the host; throws SysError naming it.
container::Seccomp load_seccomp_profile(const std::string& path, const std::vector<std::string>& capabilities);

}  // namespace mini::engine
