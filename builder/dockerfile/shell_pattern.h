// The wildcards of ${X#p}, ${X%p} and ${X/p/r}: `*` and `?`, with backslash before `*` `?` `\` `}`
// and `/`; no brackets (as in BuildKit). Work is bounded: a search that would take too long throws
// Error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mini::dockerfile {

class ShellPattern {
 public:
  explicit ShellPattern(std::string_view pattern);  // throws Error for a bad escape

  std::string trim_prefix(std::string_view value, bool longest) const;
  std::string trim_suffix(std::string_view value, bool longest) const;
  // The leftmost longest match, or every one.
  std::string replace(std::string_view value, std::string_view replacement, bool all,
                      size_t limit) const;

 private:
  struct Item {
    enum Kind { literal, one, many } kind;
    std::string text;  // of a literal: one UTF-8 character
  };
  using Characters = std::vector<std::string_view>;

  // Where a match that starts at characters[from] ends.
  std::optional<size_t> match_end(const Characters& characters, size_t from, bool longest,
                                  size_t& budget) const;
  ShellPattern reversed() const;
  ShellPattern() = default;

  std::vector<Item> items_;
};

}  // namespace mini::dockerfile
