#include "tests/unit/layers_test/functions.h"

#include <algorithm>
#include <cctype>

#include "runtime/base/text.h"

namespace mini::house {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Macros have braces of their own.
std::string without_directives(std::string_view code) {
  std::string out;
  bool continued = false;
  for (const std::string& line : split(code, '\n')) {
    const bool directive = continued || trim(line).starts_with('#');
    continued = directive && line.ends_with('\\');
    out += directive ? "\n" : line + "\n";
  }
  return out;
}

std::string_view without_template(std::string_view head) {
  if (!head.starts_with("template")) return head;
  size_t depth = 0;
  for (size_t at = head.find('<'); at < head.size(); ++at) {
    if (head[at] == '<') ++depth;
    if (head[at] == '>' && --depth == 0) return trim(head.substr(at + 1));
  }
  return head;
}

// `head`: what stands between the last statement or block and a brace.
bool begins_function(std::string_view head) {
  if (head.find('(') == head.npos || head.ends_with('=')) return false;
  const std::string_view declared = without_template(head);
  for (const std::string_view type : {"class", "struct", "union", "enum", "namespace"}) {
    if (!declared.starts_with(type) || is_word(declared[type.size()])) continue;
    // `struct stat stat_fd(int fd) {` is a function.
    return head.ends_with(')') || head.ends_with("const") || head.ends_with("noexcept");
  }
  return true;
}

// `: a_(a), b_{1} {`: the brace after b_ is none of a block.
bool begins_initializer(std::string_view head) {
  if (head.empty() || !is_word(head.back())) return false;
  for (size_t at = head.find(')'); at != head.npos; at = head.find(')', at + 1)) {
    const std::string_view after = trim(head.substr(at + 1));
    if (after.starts_with(':') && !after.starts_with("::")) return true;
  }
  return false;
}

std::string_view without_access(std::string_view head) {
  for (const std::string_view word : {"public:", "protected:", "private:"}) {
    if (head.starts_with(word)) return trim(head.substr(word.size()));
  }
  return head;
}

std::string name_of(std::string_view head) {
  const size_t end = head.find('(');
  size_t begin = end;
  while (begin > 0 && (is_word(head[begin - 1]) || head[begin - 1] == ':')) --begin;
  return std::string(head.substr(begin, end - begin));
}

}  // namespace

std::vector<Function> functions_of(std::string_view code) {
  const std::string text = without_directives(code);
  const std::string_view view = text;
  std::vector<Function> found;
  size_t depth = 0, line = 1, head_at = 0, head_line = 1, body_depth = 0;
  for (size_t at = 0; at < view.size(); ++at) {
    const char c = view[at];
    if (c == '\n') ++line;
    if (c != '{' && c != '}' && c != ';') continue;
    const std::string_view raw = view.substr(head_at, at - head_at);
    const std::string_view head = without_access(trim(raw));
    if (c == '{' && body_depth == 0 && begins_initializer(head)) {
      const size_t end = std::min(view.find('}', at), view.size());
      line += static_cast<size_t>(std::count(view.begin() + at, view.begin() + end, '\n'));
      at = end;
      continue;
    }
    if (c == '{' && body_depth == 0 && begins_function(head)) {
      const size_t first = head_line + std::count(raw.data(), head.data(), '\n');
      found.push_back({name_of(head), first, 0});
      body_depth = depth + 1;
    }
    if (c == '{') ++depth;
    if (c == '}' && depth-- == body_depth && body_depth > 0) {
      found.back().lines = line - found.back().line + 1;
      body_depth = 0;
    }
    head_at = at + 1;
    head_line = line;
  }
  return found;
}

}  // namespace mini::house
