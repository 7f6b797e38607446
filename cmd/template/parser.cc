#include <nlohmann/json.hpp>
#include <set>

#include "cmd/template/functions.h"
#include "cmd/template/lexer.h"
#include "cmd/template/node.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

constexpr int kMaxDepth = 50;

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text), tokens_(lex_template(text)) {}

  ParsedTemplate run() {
    parsed_.main = statements(0);
    if (peek().kind != TokenKind::end) fail(cat("unexpected {{", end_keyword(), "}}"));
    return std::move(parsed_);
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool is(TokenKind kind) const { return peek().kind == kind; }
  bool is_keyword(const char* text) const { return is(TokenKind::keyword) && peek().text == text; }
  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const {
    fail_template(text_, peek().begin, what, hint);
  }
  void expect_close(const char* where) {
    if (!is(TokenKind::close)) fail(cat("unexpected ", shown(), " in ", where));
    take();
  }
  std::string shown() const {
    const std::string text = text_.substr(peek().begin, peek().end - peek().begin);
    return is(TokenKind::end) ? "EOF" : cat("<", printable(text), ">");
  }
  // At {{end}} or {{else …}}: the keyword.
  std::string end_keyword() const { return tokens_[at_ + 1].text; }
  bool at_end_action() const {
    if (!is(TokenKind::open)) return false;
    const Token& next = tokens_[at_ + 1];
    return next.kind == TokenKind::keyword && (next.text == "end" || next.text == "else");
  }

  // Up to {{end}}, {{else}} or the end of the template, which stay.
  Statements statements(int depth) {
    if (depth > kMaxDepth) fail("too deeply nested");
    Statements out;
    while (!is(TokenKind::end) && !at_end_action()) {
      if (is(TokenKind::text)) {
        Statement& node = out.emplace_back();
        node.text = take().text;
      } else {
        take();  // open
        action(out, depth);
      }
    }
    return out;
  }

  void action(Statements& out, int depth) {
    const std::string keyword = is(TokenKind::keyword) ? peek().text : "";
    if (keyword == "if" || keyword == "range" || keyword == "with") {
      take();
      return out.push_back(control(keyword, depth));
    }
    if (keyword == "define") return define(depth);
    if (keyword == "block" || keyword == "template") return out.push_back(call(keyword, depth));
    if (keyword == "break" || keyword == "continue") {
      if (ranges_ == 0) fail(cat("{{", keyword, "}} outside {{range}}"));
      take();
      expect_close(keyword == "break" ? "{{break}}" : "{{continue}}");
      out.emplace_back().kind = keyword == "break" ? Statement::Kind::leave : Statement::Kind::next;
      return;
    }
    Statement& node = out.emplace_back();
    node.kind = Statement::Kind::output;
    node.pipeline = pipeline("command", depth, 1);
    expect_close("command");
  }

  Statement control(const std::string& keyword, int depth) {
    Statement node;
    node.kind = keyword == "if"      ? Statement::Kind::branch
                : keyword == "range" ? Statement::Kind::range
                                     : Statement::Kind::with;
    const std::set<std::string> outside = variables_;
    const size_t begin = tokens_[at_ - 1].begin;
    node.pipeline = pipeline(keyword.c_str(), depth, keyword == "range" ? 2 : 1);
    expect_close(keyword.c_str());
    ranges_ += keyword == "range" ? 1 : 0;
    node.body = statements(depth + 1);
    ranges_ -= keyword == "range" ? 1 : 0;
    otherwise(node, keyword, begin, depth);
    variables_ = outside;
    return node;
  }

  // From {{else}} or {{end}} on.
  void otherwise(Statement& node, const std::string& keyword, size_t begin, int depth) {
    if (is(TokenKind::end))
      fail_template(text_, begin, cat("unclosed {{", keyword, "}}: {{end}} is missing"));
    take();  // open
    if (take().text == "end") return expect_close("end");
    // {{else if X}} is a nested one that shares our {{end}}.
    if (is(TokenKind::keyword) && peek().text == keyword && keyword != "range") {
      take();
      node.otherwise.push_back(control(keyword, depth + 1));
      return;
    }
    expect_close("else");
    node.otherwise = statements(depth + 1);
    if (at_end_action() && end_keyword() == "else") fail("expected {{end}}; found {{else}}");
    if (is(TokenKind::end))
      fail_template(text_, begin, cat("unclosed {{", keyword, "}}: {{end}} is missing"));
    take();
    take();
    expect_close("end");
  }

  std::string name(const char* where) {
    if (!is(TokenKind::constant) || !peek().constant->is_string())
      fail(cat("unexpected ", shown(), " in ", where, " clause"));
    return take().constant->get<std::string>();
  }

  // The body of define or block, up to and with its {{end}}.
  Statements named_body(size_t begin, const char* keyword, int depth) {
    const std::set<std::string> outside = std::exchange(variables_, {"$"});
    const int ranges = std::exchange(ranges_, 0);
    Statements body = statements(depth + 1);
    if (!at_end_action() || end_keyword() != "end")
      fail_template(text_, begin, cat("unclosed {{", keyword, "}}: {{end}} is missing"));
    take();
    take();
    expect_close("end");
    variables_ = outside;
    ranges_ = ranges;
    return body;
  }

  void define(int depth) {
    const size_t begin = take().begin;
    if (depth > 0) fail("{{define}} is for the top level");
    const std::string title = name("define");
    expect_close("define clause");
    parsed_.named[title] = named_body(begin, "define", depth);
  }

  Statement call(const std::string& keyword, int depth) {
    const size_t begin = take().begin;
    Statement node;
    node.kind = Statement::Kind::call;
    node.text = name(keyword.c_str());
    node.has_pipeline = !is(TokenKind::close);
    if (node.has_pipeline || keyword == "block")
      node.pipeline = pipeline(keyword.c_str(), depth, 0);
    node.pipeline.begin = begin;
    expect_close(keyword.c_str());
    if (keyword == "block") parsed_.named[node.text] = named_body(begin, "block", depth);
    return node;
  }

  // "$x :=", "$x =" and, for range, "$i, $v :=".
  void declaration(Pipeline& out, size_t most) {
    if (most == 0 || !is(TokenKind::variable)) return;
    size_t count = 1;
    if (most > 1 && tokens_[at_ + 1].kind == TokenKind::comma) {
      if (tokens_[at_ + 2].kind != TokenKind::variable) fail("range can only initialize variables");
      count = 2;
    }
    const Token& sign = tokens_[at_ + 2 * count - 1];
    if (sign.kind != TokenKind::declare && sign.kind != TokenKind::assign) {
      if (count == 2) fail("too many declarations");
      return;
    }
    out.declares = sign.kind == TokenKind::declare;
    for (size_t i = 0; i < count; ++i) {
      if (!out.declares) known(peek().text);
      out.variables.push_back(take().text);
      take();  // the comma, := or =
    }
  }

  void known(const std::string& variable) const {
    if (!variables_.contains(variable)) fail(cat("undefined variable ", quoted(variable)));
  }

  Pipeline pipeline(const char* where, int depth, size_t variables) {
    if (depth > kMaxDepth) fail("too deeply nested");
    Pipeline out;
    out.begin = peek().begin;
    declaration(out, variables);
    while (true) {
      out.commands.push_back(command(where, depth, out.commands.size()));
      if (!is(TokenKind::pipe)) break;
      take();
    }
    if (out.declares) variables_.insert(out.variables.begin(), out.variables.end());
    return out;
  }

  Command command(const char* where, int depth, size_t stage) {
    Command out;
    while (!is(TokenKind::close) && !is(TokenKind::right) && !is(TokenKind::pipe)) {
      if (!out.words.empty() && !peek().after_space)
        fail(cat("unexpected ", shown(), " in operand"));
      out.words.push_back(operand(where, depth));
    }
    if (out.words.empty()) fail(cat("missing value for ", stage ? "pipeline" : where));
    const Operand& first = out.words.front();
    const bool runs = first.kind == Operand::Kind::function || !first.fields.empty() ||
                      first.kind == Operand::Kind::pipeline ||
                      first.kind == Operand::Kind::variable;
    if (stage > 0 && !runs)
      fail_template(text_, first.begin,
                    cat("non executable command in pipeline stage ", stage + 1));
    return out;
  }

  Operand operand(const char* where, int depth) {
    Operand out = term(where, depth);
    const bool plain = out.kind == Operand::Kind::constant || out.kind == Operand::Kind::nil ||
                       (out.kind == Operand::Kind::dot && out.fields.empty());
    while (is(TokenKind::field) && !peek().after_space) {
      if (plain) fail("unexpected . after term");
      out.end = peek().end;
      out.fields.push_back(take().text);
    }
    return out;
  }

  Operand term(const char* where, int depth) {
    Operand out;
    out.begin = peek().begin;
    out.end = peek().end;
    const TokenKind kind = peek().kind;
    if (kind == TokenKind::field) {
      out.fields.push_back(take().text);
    } else if (kind == TokenKind::dot) {
      take();
    } else if (kind == TokenKind::variable) {
      known(peek().text);
      out.kind = Operand::Kind::variable;
      out.name = take().text;
    } else if (kind == TokenKind::word) {
      out.kind = Operand::Kind::function;
      if (!is_template_function(peek().text)) {
        const auto near = near_template_function(peek().text);
        fail(cat("function ", quoted(peek().text), " not defined"),
             near.empty() ? "" : cat("did you mean ", near, "?"));
      }
      out.name = take().text;
    } else if (kind == TokenKind::constant) {
      out.kind = Operand::Kind::constant;
      out.constant = take().constant;
    } else if (is_keyword("nil")) {
      out.kind = Operand::Kind::nil;
      take();
    } else if (kind == TokenKind::left) {
      take();
      out.kind = Operand::Kind::pipeline;
      out.pipeline = std::make_shared<Pipeline>(pipeline("parenthesized pipeline", depth + 1, 0));
      if (!is(TokenKind::right)) fail(cat("unclosed parenthesis: unexpected ", shown()));
      out.end = take().end;
    } else {
      fail(cat("unexpected ", shown(), " in ", where));
    }
    return out;
  }

  const std::string& text_;
  const std::vector<Token> tokens_;
  size_t at_ = 0;
  int ranges_ = 0;
  std::set<std::string> variables_ = {"$"};
  ParsedTemplate parsed_;
};

}  // namespace

ParsedTemplate parse_template(const std::string& text) {
  return Parser(text).run();
}

}  // namespace mini::templates
