#include "builder/dockerfile/lint.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "builder/dockerfile/lint_rules.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

// Go's strconv.ParseBool, which BuildKit reads it with.
std::optional<bool> parse_bool(const std::string& text) {
  static const std::set<std::string> yes = {"1", "t", "T", "true", "TRUE", "True"};
  static const std::set<std::string> no = {"0", "f", "F", "false", "FALSE", "False"};
  if (yes.contains(text)) return true;
  return no.contains(text) ? std::optional(false) : std::nullopt;
}

}  // namespace

void CheckDirective::set(const std::string& option) {
  const size_t equals = option.find('=');
  const std::string key(trim(std::string_view(option).substr(0, equals)));
  const std::string value(
      equals == option.npos ? "" : trim(std::string_view(option).substr(equals + 1)));
  if (equals != option.npos && key == "skip") {
    for (const std::string& rule : split(value, ',')) skipped_.insert(lower(trim(rule)));
    return;
  }
  if (equals != option.npos && key == "experimental") return;
  const std::optional<bool> error = parse_bool(value);
  if (key != "error" || !error) {
    throw Error(cat("invalid check option ", quoted(trim(option))),
                "write `# check=skip=RULE,RULE;error=true`");
  }
  error_ = *error;
}

CheckDirective CheckDirective::of(const Dockerfile& file,
                                  const std::optional<std::string>& instead) {
  CheckDirective out;
  try {
    for (const std::string& option : split(instead.value_or(file.directives.check), ';')) {
      if (!trim(option).empty()) out.set(option);
    }
  } catch (const Error& error) {
    if (instead) throw;
    throw DockerfileError(*file.source, file.directives.check_range, error.what(), error.hint());
  }
  return out;
}

bool CheckDirective::skips(const std::string& rule) const {
  return skipped_.contains("all") || skipped_.contains(lower(rule));
}

std::vector<Warning> lint(const Dockerfile& file) {
  return lint(file, CheckDirective::of(file));
}

std::vector<Warning> lint(const Dockerfile& file, const CheckDirective& check) {
  Warnings out = file.warnings;
  lint_names(file, out);
  lint_secrets(file, out);
  lint_commands(file, out);
  lint_workdirs(file, out);
  lint_unused_stages(file, out);
  lint_from_variables(file, out);
  lint_stage_variables(file, out);
  lint_chmod(file, out);

  std::erase_if(out, [&](const Warning& warning) { return check.skips(warning.rule); });
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
