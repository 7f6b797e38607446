// `--check` and `--list-context`: what can be said without building.
#include <algorithm>

#include "builder/build/source/context.h"
#include "builder/build/stage/build.h"
#include "builder/build/stage/copy_step.h"
#include "builder/dockerfile/glob.h"
#include "builder/dockerfile/lint.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

// The rule that keeps a source out of the context altogether: a file that it ignores, or a
// directory of which no `!` rule lets anything in.
std::optional<std::string> left_out_by(const Context& context, const std::string& path) {
  const files::View::Resolved found = context.view().resolve(path);
  if (!found.node || !found.node->is_directory()) return context.ignored_by(path);
  std::optional<std::string> rule = context.ignored_by(path);
  if (!path.empty() && !rule) return {};
  const auto taken = context.view().walk(found.path, [&](const files::Entry& entry) {
    const files::Visit visit = context.visit(entry);
    if (!rule && visit != files::Visit::take) rule = context.ignored_by(entry.path);
    return visit;
  });
  return taken.empty() ? rule : std::nullopt;
}

void check_sources(const Context& context, const dockerfile::Copy& copy,
                   std::vector<dockerfile::Warning>& warnings) {
  if (copy.from) return;
  for (const dockerfile::Word& source : copy.sources) {
    if (dockerfile::has_glob(source.text) || source.text.find('$') != std::string::npos ||
        source_kind(source.text) != SourceKind::local)
      continue;
    std::string path = clean_path(dockerfile::unescape_glob(source.text));
    if (path.starts_with('/')) path.erase(0, 1);
    if (path == ".") path.clear();
    const auto rule = left_out_by(context, path);
    if (!rule) continue;
    dockerfile::Warning warning;
    warning.rule = "CopyIgnoredFile";
    warning.range = source.range;
    warning.message =
        cat("source ", quoted(source.text), " is excluded from the context by ", *rule);
    warning.hint = cat("remove the rule, or add `!", path, "` after it");
    warnings.push_back(std::move(warning));
  }
}

}  // namespace

CheckResult check(const BuildOptions& options, const StatePaths& paths) {
  const Context context(options, paths);
  CheckResult result{dockerfile::parse(context.dockerfile()), {}};
  const auto directive = dockerfile::CheckDirective::of(result.dockerfile, check_override(options));
  result.warnings = dockerfile::lint(result.dockerfile, directive);
  for (const dockerfile::Stage& stage : result.dockerfile.stages) {
    for (const dockerfile::Instruction& instruction : stage.instructions) {
      const auto* copy = instruction.as<dockerfile::Copy>();
      if (copy != nullptr && !directive.skips("CopyIgnoredFile"))
        check_sources(context, *copy, result.warnings);
    }
  }
  std::stable_sort(result.warnings.begin(), result.warnings.end(),
                   [](const dockerfile::Warning& a, const dockerfile::Warning& b) {
                     return a.range.first.line < b.range.first.line;
                   });
  return result;
}

std::vector<std::string> list_context(const BuildOptions& options, const StatePaths& paths) {
  const Context context(options, paths);
  std::vector<std::string> names;
  for (const files::Entry& entry :
       context.view().walk("", [&](const files::Entry& file) { return context.visit(file); })) {
    names.push_back(entry.is_directory() ? entry.path + "/" : entry.path);
  }
  return names;
}

}  // namespace mini::build
