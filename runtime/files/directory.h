// The names in open directories and what links hold, by descriptor. Throws SysError with `shown`.
#pragma once

#include <string>
#include <vector>

namespace mini::files {

// Without . and .., in the kernel's order; read from where the descriptor stands.
std::vector<std::string> read_names(int directory, const std::string& shown);
// Sorted, from the start, wherever the descriptor stands; it may be O_PATH.
std::vector<std::string> names_of(int directory, const std::string& shown);
// What the link `name` in `directory` holds.
std::string read_link(int directory, const std::string& name, const std::string& shown);

}  // namespace mini::files
