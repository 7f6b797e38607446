#include "builder/dockerfile/lint.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "builder/dockerfile/lint_rules.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

// The rules in `# check=skip=RuleA,RuleB;error=true`, lower case; "all" skips every one.
std::set<std::string> skipped_rules(const Directives& directives) {
  std::set<std::string> out;
  for (const std::string& part : split(directives.check, ';')) {
    const std::string_view text = trim(part);
    if (!lower(text).starts_with("skip=")) continue;
    for (const std::string& rule : split(text.substr(5), ',')) out.insert(lower(trim(rule)));
  }
  return out;
}

}  // namespace

std::vector<Warning> lint(const Dockerfile& file) {
  Warnings out = file.warnings;
  lint_names(file, out);
  lint_secrets(file, out);
  lint_commands(file, out);
  lint_workdirs(file, out);
  lint_unused_stages(file, out);
  lint_from_variables(file, out);
  lint_stage_variables(file, out);
  lint_chmod(file, out);

  const std::set<std::string> skipped = skipped_rules(file.directives);
  if (skipped.contains("all")) return {};
  std::erase_if(out, [&](const Warning& warning) { return skipped.contains(lower(warning.rule)); });
  std::ranges::stable_sort(out, {}, [](const Warning& warning) {
    return std::tuple(warning.range.first.line, warning.range.first.column);
  });
  return out;
}

std::string warning_text(const Source& source, const Warning& warning) {
  return cat(location(source, warning.range), ": warning: ", warning.message, " [", warning.rule,
             "]");
}

}  // namespace mini::dockerfile
