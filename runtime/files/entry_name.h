// The one rule for the names of entries and their order, for every reader of a tar (layers,
// archives of images, ADD, `cp -`, a context from standard input): a name is a path below the root
// of what is read, whatever it begins with. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mini::files {

// "/a//./b/", "./a/b" and "a/c/../b" are "a/b"; "/", "." and "./" are the root, "". Nothing when
// ".." would leave the root.
std::optional<std::string> entry_name(std::string_view path);

// The order of entries in a layer: depth first, the names of one directory by their bytes.
bool comes_before(std::string_view a, std::string_view b);

}  // namespace mini::files
