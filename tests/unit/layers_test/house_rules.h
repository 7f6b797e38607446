// The rules of docs/contributing.md and SECURITY.md that a program can check in a source file: the
// direction of includes, names that only some folders may use, the length of a file. Pure: takes a
// path (from the top of the source tree) and a text, returns sentences.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mini::house {

// One sentence for each rule that the file breaks, with its line: `runtime/image/x.cc:3: ...`.
std::vector<std::string> complaints(const std::string& path, std::string_view source);

// The source with comments blanked, and the insides of strings too unless `keep_strings`; line
// breaks stay.
std::string code_of(std::string_view source, bool keep_strings);

}  // namespace mini::house
