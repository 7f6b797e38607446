#include "cmd/template/template.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cmd/template/functions.h"
#include "cmd/template/lexer.h"
#include "cmd/template/node.h"
#include "cmd/template/value.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

constexpr int kMaxCalls = 1000;
constexpr size_t kMaxOutput = 256 << 20;

enum class Flow { on, leave, next };  // {{break}}, {{continue}}

// In a header these give what they are given.
bool keeps_title(const std::string& name) {
  static constexpr std::array<std::string_view, 6> kNames = {"json",  "title", "lower",
                                                             "upper", "pad",   "truncate"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// "a=1,b=2", as a listing's row has its labels.
Value label_in(const Value& labels, const std::string& name) {
  if (labels.type() == Type::map) {
    const Value found = member_of(labels, name);
    return found.is_absent ? Value(Json("")) : found;
  }
  for (const std::string& label : split(text_of(labels), ','))
    if (label.starts_with(name + "=")) return Json(label.substr(name.size() + 1));
  return Json("");
}

class Evaluation {
 public:
  Evaluation(const std::string& text, const ParsedTemplate& parsed, const Json& root,
             bool is_header)
      : text_(text), parsed_(parsed), is_header_(is_header), dot_(root) {
    variables_.emplace_back("$", dot_);
  }

  std::string run() {
    run(parsed_.main);
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(size_t begin, size_t end, const std::string& what,
                         const std::string& hint = {}) const {
    fail_template(
        text_, begin,
        cat("executing \"\" at <", printable(text_.substr(begin, end - begin)), ">: ", what), hint);
  }
  [[noreturn]] void fail(const Operand& at, const std::string& what,
                         const std::string& hint = {}) const {
    fail(at.begin, at.end, what, hint);
  }

  Flow run(const Statements& statements) {
    for (const Statement& statement : statements) {
      const size_t variables = variables_.size();
      const Flow flow = run(statement);
      // What {{$x := …}} declares lives to the end of the block that it is in.
      if (statement.kind != Statement::Kind::output) variables_.resize(variables);
      if (flow != Flow::on) return flow;
    }
    return Flow::on;
  }

  Flow scoped(const Statements& statements) {
    const size_t variables = variables_.size();
    const Flow flow = run(statements);
    variables_.resize(variables);
    return flow;
  }

  Flow with_dot(Value value, const Statements& body) {
    std::swap(dot_, value);
    const Flow flow = scoped(body);
    std::swap(dot_, value);
    return flow;
  }

  void print(std::string_view text) {
    if (out_.size() + text.size() > kMaxOutput)
      throw Error("template: gives more than 256 MiB", "", ErrorKind::usage);
    out_ += text;
  }

  Flow run(const Statement& node) {
    switch (node.kind) {
      case Statement::Kind::text:
        print(node.text);
        return Flow::on;
      case Statement::Kind::leave:
        return Flow::leave;
      case Statement::Kind::next:
        return Flow::next;
      case Statement::Kind::call:
        call(node);
        return Flow::on;
      case Statement::Kind::output: {
        const Value value = evaluate(node.pipeline);
        if (node.pipeline.variables.empty()) print(text_of(value));
        return Flow::on;
      }
      case Statement::Kind::branch:
        return scoped(is_true(evaluate(node.pipeline)) ? node.body : node.otherwise);
      case Statement::Kind::with: {
        Value value = evaluate(node.pipeline);
        return is_true(value) ? with_dot(std::move(value), node.body) : scoped(node.otherwise);
      }
      default:
        return range(node);
    }
  }

  void call(const Statement& node) {
    const auto body = parsed_.named.find(node.text);
    const size_t at = node.pipeline.begin;
    if (body == parsed_.named.end())
      fail_template(text_, at, cat("template ", quoted(node.text), " not defined"));
    if (++calls_ > kMaxCalls) fail_template(text_, at, "templates call each other without end");
    auto outside = std::move(variables_);
    Value argument = Value::absent();
    if (node.has_pipeline) {
      variables_ = outside;
      argument = evaluate(node.pipeline);
    }
    variables_ = {{"$", argument}};
    with_dot(std::move(argument), body->second);
    variables_ = std::move(outside);
    --calls_;
  }

  // Sets what "$i, $v :=" names for one round.
  Flow round(const Statement& node, const Value& key, Value value) {
    const auto& names = node.pipeline.variables;
    const auto set = [&](const std::string& name, const Value& to) {
      if (node.pipeline.declares) {
        variables_.emplace_back(name, to);
      } else {
        *variable(name) = to;
      }
    };
    const size_t variables = variables_.size();
    if (names.size() == 2) set(names[0], key);
    if (!names.empty()) set(names.back(), value);
    const Flow flow = with_dot(std::move(value), node.body);
    variables_.resize(variables);
    return flow;
  }

  Flow range(const Statement& node) {
    Pipeline source = node.pipeline;
    source.variables.clear();
    const Value value = evaluate(source);
    const Type type = value.type();
    std::vector<std::string> keys;
    size_t count = 0;
    if (type == Type::map) {
      keys = sorted_keys(value.data());
      count = keys.size();
    } else if (type == Type::list) {
      count = value.data().size();
    } else if (value.data().is_number_integer() && !value.is_absent) {
      count = static_cast<size_t>(std::max<int64_t>(value.data().get<int64_t>(), 0));
    } else if (type != Type::none && type != Type::nil) {
      fail(node.pipeline.commands[0].words[0], cat("range can't iterate over ", text_of(value)));
    }
    for (size_t i = 0; i < count; ++i) {
      Flow flow;
      if (type == Type::map) {
        flow = round(node, Json(keys[i]), member_of(value, keys[i]));
      } else {
        flow = round(node, Json(i), type == Type::list ? element_of(value, i) : Value(Json(i)));
      }
      if (flow == Flow::leave) break;
    }
    return count == 0 ? scoped(node.otherwise) : Flow::on;
  }

  Value* variable(const std::string& name) {
    for (auto at = variables_.rbegin(); at != variables_.rend(); ++at)
      if (at->first == name) return &at->second;
    return nullptr;  // the parser has seen to it that there is one
  }

  Value evaluate(const Pipeline& pipeline) {
    Value value;
    const Value* last = nullptr;
    for (const Command& command : pipeline.commands) {
      Value next = evaluate(command, last);
      value = std::move(next);
      last = &value;
    }
    for (const std::string& name : pipeline.variables) {
      if (pipeline.declares) {
        variables_.emplace_back(name, value);
      } else {
        *variable(name) = value;
      }
    }
    return value;
  }

  // `last`: what the stage before gave, which becomes the last operand.
  Value evaluate(const Command& command, const Value* last) {
    const Operand& first = command.words.front();
    if (first.kind == Operand::Kind::function) return function(command, last);
    if (first.kind == Operand::Kind::nil) fail(first, "nil is not a command");
    if (command.words.size() == 1 && last == nullptr) return evaluate(first);
    if (!first.fields.empty()) return method(command, last);
    fail(first, cat("can't give argument to non-function ",
                    printable(text_.substr(first.begin, first.end - first.begin))));
  }

  Value function(const Command& command, const Value* last) {
    const Operand& first = command.words.front();
    const bool all = first.name == "and";
    if (all || first.name == "or") return decide(command, last, all);
    std::vector<Value> operands;
    for (size_t i = 1; i < command.words.size(); ++i)
      operands.push_back(evaluate(command.words[i]));
    if (last != nullptr) operands.push_back(*last);
    Value value;
    if (is_header_ && keeps_title(first.name) && !operands.empty()) {
      value = operands[0];
    } else {
      try {
        value = call_template_function(first.name, operands);
      } catch (const Error& error) {
        fail(first, error.what(), error.hint());
      }
    }
    return follow(first, std::move(value), first.fields.size());
  }

  // The first operand that settles it, those behind it are not evaluated.
  Value decide(const Command& command, const Value* last, bool all) {
    const size_t count = command.words.size() - 1 + (last != nullptr ? 1 : 0);
    if (count == 0)
      fail(command.words.front(),
           cat("wrong number of args for ", all ? "and" : "or", ": want at least 1 got 0"));
    Value value;
    for (size_t i = 0; i < count; ++i) {
      value = i + 1 < command.words.size() ? evaluate(command.words[i + 1]) : *last;
      if (is_true(value) != all) break;
    }
    return value;
  }

  // The one method with an argument that docker's rows have.
  Value method(const Command& command, const Value* last) {
    const Operand& first = command.words.front();
    const size_t count = command.words.size() - 1 + (last != nullptr ? 1 : 0);
    if (first.fields.back() != "Label")
      fail(first, cat(first.fields.back(), " has arguments but cannot be invoked as function"));
    if (count != 1) fail(first, cat("wrong number of args for Label: want 1 got ", count));
    const Value name = last != nullptr ? *last : evaluate(command.words[1]);
    if (name.type() != Type::text)
      fail(first, cat("wrong type for value; expected string; got ", go_type(name)));
    if (is_header_) return name;
    const Value row = follow(first, start_of(first), first.fields.size() - 1);
    const Value labels = member_of(row, "Labels");
    if (labels.is_absent) missing(first, row, "Label");
    return label_in(labels, name.data());
  }

  Value start_of(const Operand& operand) {
    switch (operand.kind) {
      case Operand::Kind::variable:
        return *variable(operand.name);
      case Operand::Kind::constant:
        return Value(*operand.constant);
      case Operand::Kind::pipeline: {
        const size_t variables = variables_.size();
        Value value = evaluate(*operand.pipeline);
        variables_.resize(variables);
        return value;
      }
      case Operand::Kind::nil:
        return Value(Json(nullptr));
      default:
        return dot_;
    }
  }

  Value evaluate(const Operand& operand) {
    if (operand.kind == Operand::Kind::function) return function({{operand}}, nullptr);
    return follow(operand, start_of(operand), operand.fields.size());
  }

  Value follow(const Operand& operand, Value value, size_t count) const {
    for (size_t i = 0; i < count; ++i) {
      const std::string& name = operand.fields[i];
      switch (value.type()) {
        case Type::structure:
        case Type::map: {
          Value next = member_of(value, name);
          if (next.is_absent && is_header_) return Json(name);
          if (next.is_absent && value.type() == Type::structure) missing(operand, value, name);
          value = std::move(next);
          break;
        }
        case Type::none:
          fail(operand, cat("nil data; no entry for key ", quoted(name)));
        case Type::nil:
          fail(operand, cat("nil pointer evaluating ", value.member, ".", name));
        default:
          if (is_header_) return Json(name);
          fail(operand, cat("can't evaluate field ", name, " in type ", go_type(value)));
      }
    }
    return value;
  }

  [[noreturn]] void missing(const Operand& operand, const Value& value,
                            const std::string& name) const {
    std::vector<std::string_view> candidates;
    for (const auto& item : value.data().items()) candidates.push_back(item.key());
    const auto near = did_you_mean(name, candidates);
    fail(operand, cat("there is no field ", quoted(name)),
         near ? cat("did you mean .", *near, "?") : "");
  }

  const std::string& text_;
  const ParsedTemplate& parsed_;
  const bool is_header_;
  Value dot_;
  std::vector<std::pair<std::string, Value>> variables_;  // the innermost last
  std::string out_;
  int calls_ = 0;
};

}  // namespace

Template::Template(const std::string& text)
    : text_(text), parsed_(std::make_unique<const ParsedTemplate>(parse_template(text_))) {}
Template::~Template() = default;

std::string Template::render(const nlohmann::ordered_json& value) const {
  return Evaluation(text_, *parsed_, value, false).run();
}

std::string Template::header(const std::vector<std::pair<std::string, std::string>>& titles) const {
  Json value = Json::object();
  for (const auto& [field, title] : titles) value[field] = title;
  return Evaluation(text_, *parsed_, value, true).run();
}

}  // namespace mini::templates
