#include "builder/dockerfile/glob.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

// Takes one UTF-8 character off; a byte that begins none gets its own number, beyond Unicode.
uint32_t take_character(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  uint32_t out = lead & (0x3F >> more);
  if (lead < 0xC2 || lead > 0xF4 || at + static_cast<size_t>(more) > text.size())
    return 0x110000U + lead;
  for (int i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[at + static_cast<size_t>(i)]);
    if ((next & 0xC0) != 0x80) return 0x110000U + lead;
    out = out << 6 | (next & 0x3F);
  }
  at += static_cast<size_t>(more);
  return out;
}

}  // namespace

bool has_glob(std::string_view pattern) {
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == '*' || pattern[at] == '?' || pattern[at] == '[') {
      return true;
    }
  }
  return false;
}

std::string unescape_glob(std::string_view pattern) {
  std::string out;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    out += pattern[at];
  }
  return out;
}

std::string clean_pattern(std::string_view pattern) {
  const bool rooted = pattern.starts_with('/');
  std::vector<std::string> kept;
  for (std::string& part : split(pattern, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!rooted) {
      kept.push_back(std::move(part));
    }
  }
  const std::string joined = join(kept, "/");
  if (rooted) return "/" + joined;
  return joined.empty() ? "." : joined;
}

bool glob_match(std::string_view pattern, std::string_view name) {
  return PathPattern(pattern, false).matches(name);
}

void PathPattern::fail(const char* why) const {
  throw Error(cat("pattern ", quoted(text_), ": ", why),
              "a pattern consists of *, ?, [a-z], ** and \\ before a literal character");
}

PathPattern::PathPattern(std::string_view pattern, bool double_star) : text_(pattern) {
  std::string run;  // of literals
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '*' && double_star && pattern.substr(at, 2) == "**") {
      add_stars(pattern, at);
    } else if (c == '*') {
      if (items_.empty() || items_.back().kind != Item::star)
        items_.push_back({Item::star, 0, false, {}});
      ++at;
    } else if (c == '?') {
      items_.push_back({Item::one, 0, false, {}});
      ++at;
    } else if (c == '[') {
      add_set(pattern, at);
    } else {
      if (c == '\\' && ++at == pattern.size()) fail("a backslash at the end escapes nothing");
      const size_t begin = at;
      items_.push_back({Item::literal, take_character(pattern, at), false, {}});
      exact_ += pattern.substr(begin, at - begin);
      run += pattern.substr(begin, at - begin);
      if (run.size() > needle_.size()) needle_ = run;
      continue;
    }
    is_exact_ = false;
    run.clear();
  }
}

// `**` with the slash behind it. At the end it takes everything; at the start of a pattern that is
// otherwise literal it takes any beginning.
void PathPattern::add_stars(std::string_view pattern, size_t& at) {
  const bool first = at == 0;
  at += 2;
  const bool slash = pattern.substr(at, 1) == "/";
  if (slash) ++at;
  const std::string_view rest = pattern.substr(at);
  const bool literal_rest = rest.find_first_of("*?[]\\") == std::string_view::npos;
  const bool everything = rest.empty() || (first && !slash && literal_rest);
  const Item::Kind kind = everything ? Item::all : Item::deep;
  if (items_.empty() || items_.back().kind != kind) items_.push_back({kind, 0, false, {}});
}

// [abc], [a-z], [^a-z], with backslash escapes; never empty.
void PathPattern::add_set(std::string_view pattern, size_t& at) {
  Item item{Item::set, 0, false, {}};
  ++at;
  if (pattern.substr(at, 1) == "^") {
    item.negated = true;
    ++at;
  }
  const auto bound = [&] {
    if (at >= pattern.size()) fail("a [ is not closed");
    if (pattern[at] == '-' || pattern[at] == ']')
      fail("inside [ ] a - or ] stands in the wrong place");
    if (pattern[at] == '\\' && ++at >= pattern.size()) fail("a [ is not closed");
    return take_character(pattern, at);
  };
  do {
    const uint32_t low = bound();
    uint32_t high = low;
    if (pattern.substr(at, 1) == "-") {
      ++at;
      high = bound();
    }
    item.ranges.emplace_back(low, high);
    if (at >= pattern.size()) fail("a [ is not closed");
  } while (pattern[at] != ']');
  ++at;
  items_.push_back(std::move(item));
}

bool PathPattern::takes(const Item& item, uint32_t character) {
  switch (item.kind) {
    case Item::literal:
      return character == item.character;
    case Item::one:
    case Item::star:
      return character != '/';
    case Item::set: {
      const bool inside = std::ranges::any_of(item.ranges, [&](const auto& range) {
        return range.first <= character && character <= range.second;
      });
      return inside != item.negated;
    }
    case Item::deep:
    case Item::all:
      return true;
  }
  return false;
}

// A set of positions in the pattern walks along the path; so no pattern is slow.
bool PathPattern::run(std::string_view path, Mode mode) const {
  const size_t accept = items_.size();
  std::vector<uint32_t> now, then;
  std::vector<uint32_t> seen(accept + 1, 0);
  uint32_t round = 1;
  // `inside`: a `**` that has begun to take characters may only be left behind a slash.
  const auto enter = [&](std::vector<uint32_t>& states, size_t state, bool inside = false) {
    for (;; ++state) {
      if (seen[state] != round) states.push_back(static_cast<uint32_t>(state));
      seen[state] = round;
      if (inside || state == accept) return;
      const Item::Kind kind = items_[state].kind;
      if (kind != Item::star && kind != Item::deep && kind != Item::all) return;
    }
  };
  const auto accepted = [&] { return seen[accept] == round; };
  enter(now, 0);
  for (size_t at = 0; at < path.size() && !now.empty();) {
    if (mode == Mode::or_above && path[at] == '/' && accepted()) return true;
    const uint32_t character = take_character(path, at);
    ++round;
    then.clear();
    for (const uint32_t state : now) {
      if (state == accept || !takes(items_[state], character)) continue;
      const Item::Kind kind = items_[state].kind;
      if (kind == Item::deep) {
        if (character == '/') enter(then, state + 1);
        enter(then, state, true);
      } else {
        enter(then, kind == Item::star || kind == Item::all ? state : state + 1);
      }
    }
    std::swap(now, then);
  }
  if (now.empty()) return false;
  if (mode != Mode::below) return accepted();
  // Only the accepting position: the pattern ends here and cannot go on below.
  return now.size() > 1 || now[0] != accept;
}

bool PathPattern::matches(std::string_view path) const {
  if (is_exact_) return path == exact_;
  return path.find(needle_) != std::string_view::npos && run(path, Mode::whole);
}

bool PathPattern::matches_or_above(std::string_view path) const {
  if (!is_exact_) return path.find(needle_) != std::string_view::npos && run(path, Mode::or_above);
  return path.starts_with(exact_) && (path.size() == exact_.size() || path[exact_.size()] == '/');
}

bool PathPattern::may_match_below(std::string_view directory) const {
  if (directory.empty() || directory == ".") return !items_.empty();
  if (is_exact_) {
    return exact_.size() > directory.size() + 1 && exact_.starts_with(directory) &&
           exact_[directory.size()] == '/';
  }
  return run(cat(directory, "/"), Mode::below);
}

}  // namespace mini::dockerfile
