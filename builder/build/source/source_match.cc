#include "builder/build/source/source_match.h"

#include <string_view>

#include "runtime/base/text.h"

namespace mini::build {
namespace {

void expand(const files::View& view, const std::string& directory,
            const std::vector<std::string>& pattern, size_t at, std::vector<std::string>& out) {
  for (const std::string& name : view.names(directory)) {
    if (!dockerfile::glob_match(pattern[at], name)) continue;
    const std::string path = join_path(directory, name);
    if (at + 1 == pattern.size()) {
      out.push_back(path);
      continue;
    }
    const files::View::Resolved found = view.resolve(path, /*follow_last=*/false);
    if (found.node && found.node->is_directory()) expand(view, path, pattern, at + 1, out);
  }
}

}  // namespace

std::vector<std::string> glob_paths(const files::View& view, const std::string& pattern) {
  const std::vector<std::string> parts = split(pattern, '/');
  size_t first = 0;
  std::string fixed;
  while (first < parts.size() && !dockerfile::has_glob(parts[first])) {
    fixed = join_path(fixed, dockerfile::unescape_glob(parts[first++]));
  }
  std::vector<std::string> out;
  const files::View::Resolved start = view.resolve(fixed);
  if (start.node && start.node->is_directory()) expand(view, start.path, parts, first, out);
  return out;
}

MissingSource missing_source(const CopyOrigin& origin, const std::string& source,
                             const std::string& path, bool hidden) {
  if (hidden) {
    const std::string rule = origin.hidden_by ? origin.hidden_by(path) : std::string();
    return MissingSource(cat("source ", quoted(source), ": excluded from the context by ",
                             rule.empty() ? "a rule of .dockerignore" : rule),
                         cat("remove the rule, or add `!", path, "` after it"),
                         ErrorKind::not_found);
  }
  std::string hint;
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash);
  const files::View::Resolved parent = origin.view->resolve(directory);
  if (parent.node && parent.node->is_directory()) {
    const std::vector<std::string> names = origin.view->names(parent.path);
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    if (const auto meant = did_you_mean(path.substr(slash + 1), candidates)) {
      hint = cat("did you mean ", quoted(join_path(directory, *meant)), "?");
    }
  }
  if (hint.empty() && (source.starts_with("../") || source == "..")) {
    hint = "sources are resolved in the context; choose a context that contains the file";
  }
  return MissingSource(cat("source ", quoted(source), ": not found in ", origin.view->name()), hint,
                       ErrorKind::not_found);
}

}  // namespace mini::build
