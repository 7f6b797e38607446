// Shell patterns over paths with '/': `*` `?` `[a-z]` `[^a]` and backslash, as Go's path.Match has
// them, plus, in PathPattern, `**` for any number of components. Byte based except that `?` and
// classes take whole UTF-8 characters. Compiled once, matched in O(pattern * path). Bad patterns
// throw Error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mini::dockerfile {

// One component: `*` and `?` do not match '/'.
bool glob_match(std::string_view pattern, std::string_view name);
bool has_glob(std::string_view pattern);              // holds an unescaped *, ? or [
std::string unescape_glob(std::string_view pattern);  // "a\*b" -> "a*b", for patterns without globs

// A whole path, component by component; `**` matches zero or more components as .dockerignore has
// it.
class PathPattern {
 public:
  explicit PathPattern(std::string_view pattern);  // cleaned, without a leading slash

  bool matches(std::string_view path) const;           // the whole path
  bool matches_or_above(std::string_view path) const;  // the path or a directory above it
  bool may_match_below(std::string_view directory) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> components_;
};

}  // namespace mini::dockerfile
