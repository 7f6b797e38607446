// Go templates, the part that `--format` users write: paths (.State.Status), $, variables of range
// ({{range $k, $v := .Labels}}), if / else if / else / with / range / end, pipes, parentheses,
// literals, {{- trim -}} and the functions json, index, len, join, split, println, print, printf
// (%s %d %v %q), upper, lower, title, truncate, eq, ne, lt, gt, and, or, not. Text and JSON in,
// text out; pure. Parse errors are Error (usage) that show the place.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mini::cmd {

struct TemplateNode;

class Template {
 public:
  explicit Template(const std::string& text);
  ~Template();
  // A path that does not exist is an Error, as Docker's: `template: no field "Foo" in …`.
  std::string render(const nlohmann::ordered_json& value) const;
  // The fields of the top level that the template names, for a table's header.
  std::string header(const std::vector<std::pair<std::string, std::string>>& titles) const;

 private:
  std::vector<std::unique_ptr<TemplateNode>> nodes_;
};

}  // namespace mini::cmd
