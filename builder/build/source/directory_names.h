// The names in an opened directory, without . and .., in the kernel's order, appended to `names`.
// Straight getdents64: one call per few hundred names, no allocation but the names.
#pragma once

#include <string>
#include <vector>

namespace mini::build {

void read_names(int directory, std::vector<std::string>& names);

}  // namespace mini::build
