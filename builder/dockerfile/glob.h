// Shell patterns over paths with '/': `*`, `?`, `[a-z]`, `[^a]` and backslash, as Go's path.Match
// has them, and, in PathPattern, `**` over any number of components, with the meaning that
// moby/patternmatcher gives it. Whole UTF-8 characters. Compiled once, matched in O(pattern * path)
// at worst. Bad patterns throw Error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mini::dockerfile {

// One component: `*` and `?` do not match '/'.
bool glob_match(std::string_view pattern, std::string_view name);
bool has_glob(std::string_view pattern);              // holds an unescaped *, ? or [
std::string unescape_glob(std::string_view pattern);  // "a\*b" -> "a*b", for patterns without globs

// A whole path. The text is taken as it is: see clean_pattern.
class PathPattern {
 public:
  explicit PathPattern(std::string_view pattern, bool double_star = true);

  bool matches(std::string_view path) const;               // the whole path
  bool matches_or_above(std::string_view path) const;      // the path or a directory above it
  bool may_match_below(std::string_view directory) const;  // some path below the directory
  const std::string& text() const { return text_; }

 private:
  struct Item {
    enum Kind {
      literal,
      one,
      star,
      set,
      deep,
      all
    } kind;  // deep: nothing, or anything up to a '/'
    uint32_t character = 0;
    bool negated = false;
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
  };
  enum class Mode { whole, or_above, below };

  void add_stars(std::string_view pattern, size_t& at);
  void add_set(std::string_view pattern, size_t& at);
  [[noreturn]] void fail(const char* why) const;
  static bool takes(const Item& item, uint32_t character);
  bool run(std::string_view path, Mode mode) const;

  std::string text_;
  std::string exact_;  // what a pattern without wildcards matches
  bool is_exact_ = true;
  std::string needle_;  // the longest literal run: a path without it needs no closer look
  std::vector<Item> items_;
};

// Lexically shortest form, as Go's path.Clean: "a//b/./c/.." -> "a/b", "" -> "."; ".." at the start
// stays.
std::string clean_pattern(std::string_view pattern);

}  // namespace mini::dockerfile
