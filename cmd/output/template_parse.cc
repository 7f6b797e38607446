#include <cctype>
#include <nlohmann/json.hpp>

#include "cmd/output/template_node.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

constexpr int kMaxDepth = 50;

class ActionParser {
 public:
  ActionParser(const std::string& text, size_t place) : text_(text), place_(place) {}

  std::string word() {
    skip_blanks();
    size_t start = at_;
    while (at_ < text_.size() &&
           (isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
      ++at_;
    return text_.substr(start, at_ - start);
  }
  bool take(char wanted) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_blanks();
    return at_ >= text_.size();
  }
  void expect_end() {
    if (!at_end()) fail("unexpected text");
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(cat("template: ", what, " in {{", printable(text_), "}} at character ", place_ + 1),
                "", ErrorKind::usage);
  }

  TemplatePipeline pipeline(int depth = 0) {
    if (depth > kMaxDepth) fail("too deeply nested");
    TemplatePipeline out;
    do out.commands.push_back(command(depth));
    while (take('|'));
    return out;
  }

  // "range $i, $v := pipeline"; leaves the position before the pipeline.
  void range_variables(TemplateNode& node) {
    const size_t start = at_;
    std::vector<std::string> names;
    while (take('$')) {
      names.push_back("$" + word());
      if (!take(',')) break;
    }
    skip_blanks();
    if (names.empty() || text_.compare(at_, 2, ":=") != 0) {
      at_ = start;
      return;
    }
    at_ += 2;
    node.value_variable = names.back();
    if (names.size() == 2) node.key_variable = names.front();
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  TemplateCommand command(int depth) {
    TemplateCommand out;
    const char first = peek();
    if (isalpha(static_cast<unsigned char>(first))) {
      const size_t start = at_;
      out.function = word();
      if (out.function == "true" || out.function == "false" || out.function == "nil") {
        out.function.clear();
        at_ = start;
      }
    }
    while (!at_end() && peek() != '|' && peek() != ')') out.operands.push_back(operand(depth));
    if (out.function.empty() && out.operands.size() != 1)
      fail(out.operands.empty() ? "missing value" : "not a function");
    return out;
  }

  TemplateOperand operand(int depth) {
    TemplateOperand out;
    const char first = peek();
    if (first == '.') {
      out.kind = TemplateOperand::Kind::path;
      out.path = fields();
    } else if (first == '$') {
      ++at_;
      out.kind = TemplateOperand::Kind::variable;
      const size_t start = at_;
      while (at_ < text_.size() &&
             (isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
        ++at_;
      out.variable = "$" + text_.substr(start, at_ - start);
      if (at_ < text_.size() && text_[at_] == '.') out.path = fields();
    } else if (first == '(') {
      ++at_;
      out.kind = TemplateOperand::Kind::pipeline;
      out.pipeline = pipeline(depth + 1);
      if (!take(')')) fail("missing )");
      if (at_ < text_.size() && text_[at_] == '.') out.path = fields();
    } else {
      out.literal = std::make_shared<const nlohmann::ordered_json>(literal(first));
    }
    return out;
  }

  std::vector<std::string> fields() {
    std::vector<std::string> out;
    while (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      const size_t start = at_;
      while (at_ < text_.size() &&
             (isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
        ++at_;
      if (at_ > start) out.push_back(text_.substr(start, at_ - start));
    }
    return out;
  }

  nlohmann::ordered_json literal(char first) {
    if (first == '"' || first == '`') return string_literal(first);
    if (isdigit(static_cast<unsigned char>(first)) || first == '-') {
      const size_t start = at_;
      if (first == '-') ++at_;
      while (at_ < text_.size() && isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
      const bool negative = first == '-';
      auto number = parse_number(text_.substr(start + negative, at_ - start - negative), INT64_MAX);
      if (!number) fail("bad number");
      return negative ? -static_cast<int64_t>(*number) : static_cast<int64_t>(*number);
    }
    const std::string name = word();
    if (name == "true") return true;
    if (name == "false") return false;
    if (name == "nil") return nullptr;
    if (name.empty()) fail(cat("unexpected '", printable(std::string_view(&first, 1)), "'"));
    fail(cat("function ", quoted(name), " needs parentheses here"));
  }

  std::string string_literal(char quote) {
    ++at_;
    std::string out;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
        const char escaped = text_[++at_];
        out += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
      } else {
        out += text_[at_];
      }
    }
    if (at_ >= text_.size()) fail("unterminated string");
    ++at_;
    return out;
  }

  const std::string& text_;
  size_t place_;
  size_t at_ = 0;
};

struct Action {
  std::string text;
  size_t place = 0;
};

// Reads the text up to an action, and the action; trims for {{- and -}}.
class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}

  bool next(std::string& before, Action& action) {
    const size_t open = text_.find("{{", at_);
    before = text_.substr(at_, open == std::string::npos ? std::string::npos : open - at_);
    if (trim_next_) before.erase(0, before.find_first_not_of(" \t\r\n"));
    trim_next_ = false;
    if (open == std::string::npos) {
      at_ = text_.size();
      return false;
    }
    const size_t close = end_of_action(open);
    if (close == std::string::npos)
      throw Error(cat("template: {{ at character ", open + 1, " is not closed"), "",
                  ErrorKind::usage);
    action = {text_.substr(open + 2, close - open - 2), open};
    at_ = close + 2;
    if (action.text.starts_with("- ")) {
      action.text.erase(0, 2);
      before.erase(before.find_last_not_of(" \t\r\n") + 1);
    }
    if (action.text.ends_with(" -")) {
      action.text.erase(action.text.size() - 2);
      trim_next_ = true;
    }
    return true;
  }

 private:
  // The next "}}" outside quotes.
  size_t end_of_action(size_t at) const {
    char quote = 0;
    for (; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (quote) {
        if (text_[at] == quote) quote = 0;
      } else if (text_[at] == '"' || text_[at] == '`') {
        quote = text_[at];
      } else if (text_.compare(at, 2, "}}") == 0) {
        return at;
      }
    }
    return std::string::npos;
  }

  const std::string& text_;
  size_t at_ = 0;
  bool trim_next_ = false;
};

class Parser {
 public:
  explicit Parser(const std::string& text) : scanner_(text) {}

  TemplateNodes all() {
    std::string end;
    TemplateNodes nodes = block(end, 0);
    if (!end.empty())
      throw Error(cat("template: {{", printable(end), "}} without a beginning"), "",
                  ErrorKind::usage);
    return nodes;
  }

 private:
  // Nodes up to {{end}} or {{else …}}, whose text goes to `end`; empty at the end of the template.
  TemplateNodes block(std::string& end, int depth) {
    if (depth > kMaxDepth) throw Error("template: too deeply nested", "", ErrorKind::usage);
    TemplateNodes nodes;
    std::string before;
    Action action;
    for (;;) {
      const bool more = scanner_.next(before, action);
      if (!before.empty()) nodes.push_back(text_node(before));
      if (!more) {
        end.clear();
        return nodes;
      }
      ActionParser parser(action.text, action.place);
      const std::string keyword(
          trim(action.text).substr(0, trim(action.text).find_first_of(" \t(")));
      if (keyword == "end" || keyword == "else") {
        end = trim(action.text);
        return nodes;
      }
      if (action.text.starts_with("/*")) continue;
      nodes.push_back(keyword == "if" || keyword == "range" || keyword == "with"
                          ? branch(parser, depth)
                          : output(parser));
    }
  }

  static std::unique_ptr<TemplateNode> text_node(const std::string& text) {
    auto node = std::make_unique<TemplateNode>();
    node->text = text;
    return node;
  }

  static std::unique_ptr<TemplateNode> output(ActionParser& parser) {
    auto node = std::make_unique<TemplateNode>();
    node->kind = TemplateNode::Kind::output;
    node->pipeline = parser.pipeline();
    parser.expect_end();
    return node;
  }

  std::unique_ptr<TemplateNode> branch(ActionParser& parser, int depth) {
    auto node = std::make_unique<TemplateNode>();
    const std::string keyword = parser.word();
    node->kind = keyword == "if"      ? TemplateNode::Kind::branch
                 : keyword == "range" ? TemplateNode::Kind::range
                                      : TemplateNode::Kind::with;
    if (keyword == "range") parser.range_variables(*node);
    node->pipeline = parser.pipeline();
    parser.expect_end();
    std::string end;
    node->body = block(end, depth + 1);
    if (end.starts_with("else")) {
      const std::string condition(trim(std::string_view(end).substr(4)));
      if (!condition.empty()) {  // {{else if X}}: a nested branch that shares our {{end}}
        if (!condition.starts_with("if ") && !condition.starts_with("with "))
          throw Error(cat("template: {{", printable(end), "}} is not known"),
                      "{{else}} or {{else if …}}", ErrorKind::usage);
        ActionParser nested(condition, 0);
        node->otherwise.push_back(branch(nested, depth + 1));
        return node;
      }
      node->otherwise = block(end, depth + 1);
    }
    if (end != "end")
      throw Error(cat("template: {{", keyword, "}} without {{end}}"), "", ErrorKind::usage);
    return node;
  }

  Scanner scanner_;
};

}  // namespace

TemplateNodes parse_template(const std::string& text) {
  return Parser(text).all();
}

}  // namespace mini::cmd
