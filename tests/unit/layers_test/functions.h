// Where the functions of a C++ source file begin and end, found by their braces: whatever has
// parentheses before its brace and is no type, table or block of another function. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mini::house {

struct Function {
  std::string name;  // as it is written before the parenthesis
  size_t line;       // of its first word
  size_t lines;      // to its closing brace
};

// `code`: without comments and strings (code_of).
std::vector<Function> functions_of(std::string_view code);

}  // namespace mini::house
