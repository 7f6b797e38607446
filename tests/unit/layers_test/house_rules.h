// The rules of docs/contributing.md and SECURITY.md that a program can check in a source file: the
// direction of includes, names that only some folders may use, the length of a file and of a
// function. Pure: takes
// the rooms, a path (from the top of the source tree) and a text, returns sentences.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mini::house {

// Each room's folder -> the rooms that it may include, besides itself.
using Rooms = std::map<std::string, std::set<std::string>>;

// A line a room, as CMake writes them from its link lines: the folder and what it uses. The rooms
// that those use may be included, too.
Rooms parse_rooms(std::string_view text);

// One sentence for each rule that the file breaks, with its line: `runtime/image/x.cc:3: ...`.
std::vector<std::string> complaints(const Rooms& rooms, const std::string& path,
                                    std::string_view source);

// The source with comments blanked, and the insides of strings too unless `keep_strings`; line
// breaks stay.
std::string code_of(std::string_view source, bool keep_strings);

}  // namespace mini::house
