#include "builder/dockerfile/ignore.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace mini::dockerfile {

void IgnoreRules::add(std::string_view line) {
  line = trim(line);
  if (line.empty()) return;
  const bool include = line[0] == '!';
  if (include) line = trim(line.substr(1));
  if (line.empty()) throw Error("a ! without a pattern", "write the pattern after it: !keep/this");
  std::string pattern = clean_pattern(line);
  if (pattern.size() > 1 && pattern[0] == '/') pattern.erase(0, 1);
  rules_.push_back({PathPattern(pattern), include});
}

IgnoreRules IgnoreRules::parse(const Source& source) {
  IgnoreRules out;
  std::string_view rest = source.text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (int number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.starts_with('#')) continue;
    try {
      out.add(line);
    } catch (const Error& error) {
      const std::string_view shown = trim(line);
      const int first = static_cast<int>(shown.data() - line.data()) + 1;
      const Range range{{number, first}, {number, first + static_cast<int>(shown.size()) - 1}};
      throw DockerfileError(source, range, error.what(), error.hint());
    }
  }
  return out;
}

IgnoreRules IgnoreRules::from_patterns(const std::vector<std::string>& patterns) {
  IgnoreRules out;
  for (const std::string& pattern : patterns) out.add(pattern);
  return out;
}

bool IgnoreRules::ignored(std::string_view path) const {
  if (path.empty() || path == ".") return false;
  bool out = false;
  for (const Rule& rule : rules_) {
    // A rule that would change nothing need not be matched.
    if (rule.include == out && rule.pattern.matches_or_above(path)) out = !rule.include;
  }
  return out;
}

bool IgnoreRules::may_include_below(std::string_view directory) const {
  // Everything below is matched by the rules that match the directory; so only a `!` behind the
  // last of them can matter.
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (!rule->include && rule->pattern.matches_or_above(directory)) return false;
    if (rule->include &&
        (rule->pattern.may_match_below(directory) || rule->pattern.matches_or_above(directory))) {
      return true;
    }
  }
  return true;
}

}  // namespace mini::dockerfile
