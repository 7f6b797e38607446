// The parsed form of a template: shared by the parser (template_parse.cc) and the evaluation
// (template.cc), nobody else.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mini::cmd {

struct TemplateOperand;

struct TemplateCommand {  // one stage of a pipeline: a function with operands, or a single operand
  std::string function;
  std::vector<TemplateOperand> operands;
};

struct TemplatePipeline {
  std::vector<TemplateCommand> commands;
};

struct TemplateOperand {
  enum class Kind { path, variable, literal, pipeline } kind = Kind::literal;
  std::string variable;           // "$", "$key"
  std::vector<std::string> path;  // .A.B -> {"A", "B"}; also after a variable
  std::shared_ptr<const nlohmann::ordered_json> literal;
  TemplatePipeline pipeline;
};

struct TemplateNode {
  enum class Kind { text, output, branch, range, with } kind = Kind::text;
  std::string text;
  TemplatePipeline pipeline;
  std::string key_variable, value_variable;  // of range
  std::vector<std::unique_ptr<TemplateNode>> body, otherwise;
};

using TemplateNodes = std::vector<std::unique_ptr<TemplateNode>>;
TemplateNodes parse_template(const std::string& text);

}  // namespace mini::cmd
