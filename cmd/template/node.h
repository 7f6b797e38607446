// A parsed Go template: what parser.cc makes and template.cc evaluates.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mini::templates {

struct Operand;

struct Command {  // one stage of a pipeline: a function with operands, or a single operand
  std::vector<Operand> words;
};

struct Pipeline {
  std::vector<std::string> variables;  // before := or =
  bool declares = false;               // :=
  std::vector<Command> commands;
  size_t begin = 0;
};

struct Operand {
  enum class Kind { dot, variable, function, constant, nil, pipeline } kind = Kind::dot;
  std::string name;                 // of the variable or function
  std::vector<std::string> fields;  // .A.B after it
  std::shared_ptr<const nlohmann::ordered_json> constant;
  std::shared_ptr<const Pipeline> pipeline;
  size_t begin = 0, end = 0;  // in the template
};

struct Statement;
using Statements = std::vector<Statement>;

struct Statement {
  enum class Kind { text, output, branch, range, with, call, leave, next } kind = Kind::text;
  std::string text;  // or the name of the template that is called
  Pipeline pipeline;
  bool has_pipeline = true;  // of call
  Statements body, otherwise;
};

struct ParsedTemplate {
  Statements main;
  std::map<std::string, Statements> named;  // {{define}} and {{block}}
};

// Throws Error (usage) with the place.
ParsedTemplate parse_template(const std::string& text);

}  // namespace mini::templates
