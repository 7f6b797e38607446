#include "cmd/output/template.h"

#include <map>
#include <nlohmann/json.hpp>

#include "cmd/output/template_functions.h"
#include "cmd/output/template_node.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using Value = nlohmann::ordered_json;

class Evaluation {
 public:
  // `lenient`: a field that does not exist stands for its own name's title (a table's header).
  Evaluation(const Value& root, bool lenient) : dot_(&root), lenient_(lenient) {
    variables_["$"] = root;
  }

  void run(const TemplateNodes& nodes, std::string& out) {
    for (const auto& node : nodes) run(*node, out);
  }

 private:
  void run(const TemplateNode& node, std::string& out) {
    if (node.kind == TemplateNode::Kind::text) {
      out += node.text;
      return;
    }
    const Value value = evaluate(node.pipeline);
    switch (node.kind) {
      case TemplateNode::Kind::output:
        out += template_text(value);
        break;
      case TemplateNode::Kind::branch:
        run(template_truth(value) ? node.body : node.otherwise, out);
        break;
      case TemplateNode::Kind::with:
        if (template_truth(value))
          with_dot(value, node.body, out);
        else
          run(node.otherwise, out);
        break;
      default:
        range(node, value, out);
    }
  }

  void range(const TemplateNode& node, const Value& value, std::string& out) {
    if (!template_truth(value)) return run(node.otherwise, out);
    if (!value.is_structured())
      throw Error("template: range needs a list or a map", "", ErrorKind::usage);
    const auto saved = variables_;
    size_t index = 0;
    for (auto item = value.begin(); item != value.end(); ++item, ++index) {
      if (!node.key_variable.empty())
        variables_[node.key_variable] = value.is_object() ? Value(item.key()) : Value(index);
      if (!node.value_variable.empty()) variables_[node.value_variable] = *item;
      with_dot(*item, node.body, out);
    }
    variables_ = saved;
  }

  void with_dot(const Value& value, const TemplateNodes& body, std::string& out) {
    const Value* saved = dot_;
    dot_ = &value;
    run(body, out);
    dot_ = saved;
  }

  Value evaluate(const TemplatePipeline& pipeline) {
    Value value;
    bool piped = false;
    for (const TemplateCommand& command : pipeline.commands) {
      std::vector<Value> operands;
      for (const TemplateOperand& operand : command.operands) operands.push_back(evaluate(operand));
      if (piped) operands.push_back(std::move(value));
      value = command.function.empty() ? operands.front()
                                       : call_template_function(command.function, operands);
      piped = true;
    }
    return value;
  }

  Value evaluate(const TemplateOperand& operand) {
    switch (operand.kind) {
      case TemplateOperand::Kind::path:
        return follow(*dot_, operand.path);
      case TemplateOperand::Kind::variable: {
        auto found = variables_.find(operand.variable);
        if (found == variables_.end())
          throw Error(cat("template: undefined variable ", operand.variable), "", ErrorKind::usage);
        return follow(found->second, operand.path);
      }
      case TemplateOperand::Kind::pipeline:
        return follow(evaluate(operand.pipeline), operand.path);
      default:
        return *operand.literal;
    }
  }

  Value follow(const Value& start, const std::vector<std::string>& path) const {
    const Value* at = &start;
    for (const std::string& name : path) {
      if (lenient_ && !(at->is_object() && at->contains(name))) return name;
      if (at->is_null()) return nullptr;
      if (!at->is_object() || !at->contains(name)) {
        if (at->is_object() && is_key(name)) return nullptr;
        missing(*at, name);
      }
      at = &(*at)[name];
    }
    return *at;
  }

  // Fields are written with a capital letter; anything else is a key of a map (a label, a network),
  // which may be absent. So may Health, which only some containers have.
  static bool is_key(const std::string& name) {
    return name == "Health" || name.empty() || name[0] < 'A' || name[0] > 'Z';
  }

  [[noreturn]] static void missing(const Value& value, const std::string& name) {
    std::vector<std::string_view> candidates;
    if (value.is_object())
      for (const auto& item : value.items()) candidates.push_back(item.key());
    auto near = did_you_mean(name, candidates);
    throw Error(cat("template: no field ", quoted(name)),
                near ? cat("did you mean .", *near, "?") : "", ErrorKind::usage);
  }

  const Value* dot_;
  std::map<std::string, Value> variables_;
  bool lenient_;
};

}  // namespace

Template::Template(const std::string& text) : nodes_(parse_template(text)) {}
Template::~Template() = default;

std::string Template::render(const nlohmann::ordered_json& value) const {
  std::string out;
  Evaluation(value, false).run(nodes_, out);
  return out;
}

std::string Template::header(const std::vector<std::pair<std::string, std::string>>& titles) const {
  Value value = Value::object();
  for (const auto& [field, title] : titles) value[field] = title;
  std::string out;
  Evaluation(value, true).run(nodes_, out);
  return out;
}

}  // namespace mini::cmd
