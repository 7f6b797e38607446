#include "tests/unit/layers_test/house_rules.h"

#include <algorithm>
#include <cctype>

#include "runtime/base/text.h"
#include "tests/unit/layers_test/functions.h"

namespace mini::house {
namespace {

constexpr size_t kLongestFile = 400;
constexpr size_t kLongestFunction = 60;

// The room that a path lies in: the longest folder of the table.
const Rooms::value_type* room_of(const Rooms& rooms, std::string_view path) {
  const std::string folder(path.substr(0, path.rfind('/')));
  const auto found = rooms.find(folder);
  return found == rooms.end() ? nullptr : &*found;
}

// A name that only some folders may call or include; `whole` names end where the text does, the
// others are beginnings.
struct Restricted {
  std::string_view name;
  bool call;  // only as a call: name(...)
  bool whole;
  std::vector<std::string_view> folders;
  std::string_view reason;
};

const std::vector<Restricted>& restricted_names() {
  constexpr std::string_view kPathRule = "paths of others are touched below a held descriptor only";
  constexpr std::string_view kNss = "loads the host's libraries into a static program";
  constexpr std::string_view kReader = "libarchive reads only, with formats enabled by name";
  static const std::vector<Restricted> table = {
      {"mount", true, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"umount", true, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"umount2", true, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"fopen", true, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"freopen", true, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"ofstream", false, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"ifstream", false, true, {"runtime/base/", "runtime/container/"}, kPathRule},
      {"dlopen", true, true, {}, kNss},
      {"getpwnam", true, false, {}, kNss},
      {"getpwuid", true, false, {}, kNss},
      {"getgrnam", true, false, {}, kNss},
      {"getgrgid", true, false, {}, kNss},
      {"getaddrinfo", true, true, {}, kNss},
      {"archive_read_support_filter_all", true, true, {}, kReader},
      {"archive_read_support_format_all", true, true, {}, kReader},
      {"archive_write_", true, false, {}, kReader},
  };
  return table;
}

const std::vector<Restricted>& restricted_includes() {
  static const std::vector<Restricted> table = {
      {"<filesystem>", false, true, {"runtime/base/", "runtime/container/"}, "see SECURITY.md"},
      {"<fstream>", false, true, {"runtime/base/", "runtime/container/"}, "see SECURITY.md"},
      {"<regex>", false, true, {}, "too slow and too large"},
  };
  return table;
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool allowed_in(const Restricted& rule, std::string_view path) {
  return std::any_of(rule.folders.begin(), rule.folders.end(),
                     [&](std::string_view folder) { return path.starts_with(folder); });
}

// `archive.mount(`, `archive->mount(` and `Volume::mount(` are other functions; `::mount(` and
// `std::fopen(` are these.
bool belongs_to_something_else(std::string_view before) {
  if (before.ends_with('.') || before.ends_with("->")) return true;
  if (!before.ends_with("::") || before.ends_with("std::")) return false;
  before.remove_suffix(2);
  return !before.empty() && is_name_character(before.back());
}

bool uses(std::string_view line, const Restricted& rule) {
  for (size_t at = line.find(rule.name); at != line.npos; at = line.find(rule.name, at + 1)) {
    if (at > 0 && is_name_character(line[at - 1])) continue;
    if (belongs_to_something_else(line.substr(0, at))) continue;
    std::string_view after = line.substr(at + rule.name.size());
    if (rule.whole && !after.empty() && is_name_character(after[0])) continue;
    if (!rule.call) return true;
    while (!after.empty() && is_name_character(after[0])) after.remove_prefix(1);
    if (trim(after).starts_with('(')) return true;
  }
  return false;
}

// What stands between the quotes or brackets of an #include, with them; empty for another line.
std::string_view included(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('#')) return {};
  line = trim(line.substr(1));
  if (!line.starts_with("include")) return {};
  return trim(line.substr(7));
}

bool is_slow_header(std::string_view include) {
  return include == "<nlohmann/json.hpp>" || include == "\"runtime/base/json.h\"" ||
         include.starts_with("<CLI/") || include == "<archive.h>" || include == "<archive_entry.h>";
}

std::string include_complaint(const Rooms& rooms, const std::string& path,
                              std::string_view include) {
  for (const Restricted& rule : restricted_includes()) {
    if (include == rule.name && !allowed_in(rule, path)) {
      return cat("must not include ", include, ": ", rule.reason);
    }
  }
  if (path.ends_with(".h") && path != "runtime/base/json.h" && is_slow_header(include)) {
    return cat("a header must not include ", include, ": it is slow to compile");
  }
  if (!include.starts_with('"')) return {};
  include = include.substr(1, include.size() - 2);
  const auto* other = room_of(rooms, include);
  if (!other && !include.starts_with("runtime/container/launcher/") &&
      !include.starts_with("runtime/registry/transport/")) {
    return cat("include ", include, " is not rooted at a room's folder");
  }
  const auto* own = room_of(rooms, path);
  const bool allowed = !own || !other || own == other || own->second.contains(other->first);
  return allowed ? "" : cat("the room ", own->first, " must not include ", include);
}

// The end of a raw string that starts at `at` (its R), or npos when none starts there.
size_t raw_string_end(std::string_view source, size_t at) {
  if (!source.substr(at).starts_with("R\"")) return std::string_view::npos;
  if (at > 0 && is_name_character(source[at - 1])) return std::string_view::npos;
  const size_t open = source.find('(', at);
  if (open == std::string_view::npos) return std::string_view::npos;
  const std::string close = cat(')', source.substr(at + 2, open - at - 2), '"');
  const size_t end = source.find(close, open);
  return end == std::string_view::npos ? source.size() : end + close.size();
}

// The end of a string or character that starts at `at`; an apostrophe between digits is none.
size_t literal_end(std::string_view source, size_t at) {
  const char quote = source[at];
  if (quote != '"' && quote != '\'') return std::string_view::npos;
  if (quote == '\'' && at > 0 && is_name_character(source[at - 1])) return std::string_view::npos;
  for (size_t i = at + 1; i < source.size(); ++i) {
    if (source[i] == '\\') {
      ++i;
    } else if (source[i] == quote || source[i] == '\n') {
      return i + 1;
    }
  }
  return source.size();
}

size_t comment_end(std::string_view source, size_t at) {
  const std::string_view rest = source.substr(at);
  if (rest.starts_with("//")) return std::min(source.find('\n', at), source.size());
  if (!rest.starts_with("/*")) return std::string_view::npos;
  const size_t end = source.find("*/", at + 2);
  return end == std::string_view::npos ? source.size() : end + 2;
}

}  // namespace

std::string code_of(std::string_view source, bool keep_strings) {
  std::string out;
  out.reserve(source.size());
  auto blank = [&](std::string_view piece) {
    for (const char c : piece) out += c == '\n' ? '\n' : ' ';
  };
  for (size_t at = 0; at < source.size();) {
    if (const size_t end = comment_end(source, at); end != std::string_view::npos) {
      blank(source.substr(at, end - at));
      at = end;
      continue;
    }
    size_t end = raw_string_end(source, at);
    if (end == std::string_view::npos) end = literal_end(source, at);
    if (end == std::string_view::npos) {
      out += source[at++];
    } else {
      const std::string_view literal = source.substr(at, end - at);
      keep_strings ? void(out += literal) : blank(literal);
      at = end;
    }
  }
  return out;
}

Rooms parse_rooms(std::string_view text) {
  Rooms rooms;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> names = split(trim(line), ' ');
    if (names[0].empty()) continue;
    std::set<std::string>& reached = rooms[names[0]];
    for (size_t i = 1; i < names.size(); ++i) {
      reached.insert(names[i]);
      reached.merge(
          std::set<std::string>(rooms.at(names[i])));  // CMake names a room before its users
    }
  }
  return rooms;
}

std::vector<std::string> complaints(const Rooms& rooms, const std::string& path,
                                    std::string_view source) {
  std::vector<std::string> found;
  const std::vector<std::string> with_strings = split(code_of(source, true), '\n');
  const std::vector<std::string> code = split(code_of(source, false), '\n');
  for (size_t i = 0; i < code.size(); ++i) {
    auto complain = [&](std::string_view text) {
      found.push_back(cat(path, ':', i + 1, ": ", text));
    };
    if (const std::string_view include = included(with_strings[i]); !include.empty()) {
      if (const std::string text = include_complaint(rooms, path, include); !text.empty())
        complain(text);
      continue;
    }
    for (const Restricted& rule : restricted_names()) {
      if (!allowed_in(rule, path) && uses(code[i], rule)) {
        complain(cat("must not use ", rule.name, ": ", rule.reason));
      }
    }
  }
  for (const Function& function : functions_of(join(code, "\n"))) {
    if (function.lines <= kLongestFunction) continue;
    found.push_back(cat(path, ':', function.line, ": ", function.name, " has ", function.lines,
                        " lines, at most ", kLongestFunction, " are allowed"));
  }
  const size_t lines = code.size() - (source.ends_with('\n') ? 1 : 0);
  if (lines > kLongestFile) {
    found.push_back(cat(path, ": ", lines, " lines, at most ", kLongestFile, " are allowed"));
  }
  return found;
}

}  // namespace mini::house
