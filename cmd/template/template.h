// Go templates as docker's --format takes them: package text/template whole (variables, range with
// break and continue, with, define, template, block, pipelines, parentheses, trim markers,
// comments) with docker's functions (functions.h). Text and JSON in, text out; pure. Errors are
// Error (usage) and say where: `template: :1:2: executing "" at <.Foo>: …`.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace mini::templates {

struct ParsedTemplate;

class Template {
 public:
  explicit Template(const std::string& text);
  ~Template();
  // A field that does not exist is an Error; an absent key of a map prints as "<no value>".
  std::string render(const nlohmann::ordered_json& value) const;
  // A table's header: fields give their titles, functions on them change nothing.
  std::string header(const std::vector<std::pair<std::string, std::string>>& titles) const;

 private:
  const std::string text_;
  const std::unique_ptr<const ParsedTemplate> parsed_;
};

}  // namespace mini::templates
