#include "builder/dockerfile/shell_pattern.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

constexpr size_t kMatchBudget = size_t{1} << 25;  // steps: a fraction of a second

// Bytes of the UTF-8 character at `at`; 1 for a byte that is none.
size_t character_size(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (at + size > text.size()) return 1;
  for (size_t i = 1; i < size; ++i) {
    if ((text[at + i] & 0xC0) != 0x80) return 1;
  }
  return size;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = character_size(text, at);
    out.push_back(text.substr(at, size));
    at += size;
  }
  return out;
}

std::string concat(std::span<const std::string_view> characters) {
  std::string out;
  for (const std::string_view c : characters) out += c;
  return out;
}

}  // namespace

ShellPattern::ShellPattern(std::string_view pattern) {
  const Characters characters = characters_of(pattern);
  for (size_t i = 0; i < characters.size(); ++i) {
    std::string_view c = characters[i];
    if (c == "*") {
      if (items_.empty() || items_.back().kind != Item::many) items_.push_back({Item::many, {}});
      continue;
    }
    if (c == "?") {
      items_.push_back({Item::one, {}});
      continue;
    }
    if (c == "\\") {
      c = ++i < characters.size() ? characters[i] : std::string_view();
      if (c != "*" && c != "?" && c != "\\" && c != "}" && c != "/") {
        throw Error(cat("pattern ", quoted(pattern), ": invalid escape ", quoted(cat("\\", c))),
                    "only * ? \\ } and / can be escaped in a pattern");
      }
    }
    items_.push_back({Item::literal, std::string(c)});
  }
}

ShellPattern ShellPattern::reversed() const {
  ShellPattern out;
  out.items_.assign(items_.rbegin(), items_.rend());
  return out;
}

// A set of pattern positions walks over the text: O(pattern * text), regardless of stars.
std::optional<size_t> ShellPattern::match_end(const Characters& characters, size_t from,
                                              bool longest, size_t& budget) const {
  const size_t accept = items_.size();
  std::vector<char> now(accept + 1, 0), then(accept + 1, 0);
  const auto enter = [&](std::vector<char>& states, size_t state) {
    while (true) {
      states[state] = 1;
      if (state == accept || items_[state].kind != Item::many) return;
      ++state;
    }
  };
  enter(now, 0);
  std::optional<size_t> end;
  for (size_t at = from;; ++at) {
    if (now[accept]) {
      end = at;
      if (!longest) return end;
    }
    if (at == characters.size()) return end;
    if (budget < accept + 1) throw Error("the pattern takes too long to match");
    budget -= accept + 1;
    std::ranges::fill(then, 0);
    bool alive = false;
    for (size_t state = 0; state < accept; ++state) {
      if (!now[state]) continue;
      const Item& item = items_[state];
      if (item.kind == Item::literal ? characters[at] == item.text : characters[at] != "\n") {
        enter(then, item.kind == Item::many ? state : state + 1);
        alive = true;
      }
    }
    if (!alive) return end;
    std::swap(now, then);
  }
}

std::string ShellPattern::trim_prefix(std::string_view value, bool longest) const {
  size_t budget = kMatchBudget;
  const Characters characters = characters_of(value);
  const auto end = match_end(characters, 0, longest, budget);
  return concat(std::span(characters).subspan(end.value_or(0)));
}

std::string ShellPattern::trim_suffix(std::string_view value, bool longest) const {
  size_t budget = kMatchBudget;
  Characters characters = characters_of(value);
  std::ranges::reverse(characters);
  const auto end = reversed().match_end(characters, 0, longest, budget);
  characters.erase(characters.begin(), characters.begin() + static_cast<long>(end.value_or(0)));
  std::ranges::reverse(characters);
  return concat(characters);
}

std::string ShellPattern::replace(std::string_view value, std::string_view replacement, bool all,
                                  size_t limit) const {
  size_t budget = kMatchBudget;
  const Characters characters = characters_of(value);
  std::string out;
  size_t at = 0;
  bool done = false;
  size_t last_end = std::string::npos;
  while (true) {
    std::optional<size_t> end;
    if (!done) end = match_end(characters, at, true, budget);
    // An empty match right behind the previous one is not another match.
    if (end && !(*end == at && last_end == at)) {
      out += replacement;
      last_end = *end;
      if (!all) done = true;
      if (out.size() > limit) throw Error(cat("the result is longer than ", limit, " bytes"));
      if (*end > at) {
        at = *end;
        continue;
      }
    }
    if (at == characters.size()) return out;
    out += characters[at++];
  }
}

}  // namespace mini::dockerfile
