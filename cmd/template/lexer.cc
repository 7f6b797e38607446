#include "cmd/template/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cmd/template/unquote.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::array<std::string_view, 11> kKeywords = {"if",    "else",     "end",   "range",
                                                        "with",  "define",   "block", "template",
                                                        "break", "continue", "nil"};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) {
  return kSpaces.find(c) != kSpaces.npos;
}

class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      text();
      if (at_ < text_.size()) action();
    }
    add(TokenKind::end, at_);
    return std::move(tokens_);
  }

 private:
  Token& add(TokenKind kind, size_t begin, std::string text = {}) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.text = std::move(text);
    token.begin = begin;
    token.end = at_;
    token.after_space = std::exchange(space_, false);
    return token;
  }
  bool ahead(std::string_view wanted) const {
    return text_.compare(at_, wanted.size(), wanted) == 0;
  }
  [[noreturn]] void fail(size_t at, const std::string& what) const {
    fail_template(text_, at, what);
  }

  void text() {
    const size_t begin = at_;
    if (trim_next_) at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size());
    trim_next_ = false;
    const size_t start = at_;
    at_ = std::min(text_.find("{{", begin), text_.size());
    std::string piece = at_ > start ? text_.substr(start, at_ - start) : std::string();
    if (at_ + 3 < text_.size() && text_[at_ + 2] == '-' && is_space(text_[at_ + 3]))
      piece.erase(piece.find_last_not_of(kSpaces) + 1);
    if (!piece.empty()) add(TokenKind::text, start, std::move(piece));
  }

  void action() {
    const size_t begin = at_;
    at_ += 2;
    if (at_ + 1 < text_.size() && text_[at_] == '-' && is_space(text_[at_ + 1])) at_ += 2;
    space_ = false;
    if (skip_spaces_to("/*")) return comment(begin);
    add(TokenKind::open, begin);
    while (!close()) token(begin);
  }

  bool skip_spaces_to(std::string_view wanted) {
    size_t at = at_;
    while (at < text_.size() && is_space(text_[at])) ++at;
    if (text_.compare(at, wanted.size(), wanted) != 0) return false;
    at_ = at;
    return true;
  }

  void comment(size_t begin) {
    const size_t end = text_.find("*/", at_);
    if (end == text_.npos) fail(begin, "unclosed comment");
    at_ = end + 2;
    if (!take_close()) fail(begin, "comment ends before closing delimiter");
  }

  bool take_close() {
    if (at_ + 3 < text_.size() && is_space(text_[at_]) && text_.compare(at_ + 1, 3, "-}}") == 0) {
      at_ += 4;
      trim_next_ = true;
      return true;
    }
    if (!ahead("}}")) return false;
    at_ += 2;
    return true;
  }

  bool close() {
    const size_t begin = at_;
    while (at_ < text_.size()) {
      if (take_close()) {
        if (depth_ > 0) fail(begin, "unclosed left paren");
        add(TokenKind::close, begin);
        return true;
      }
      if (!is_space(text_[at_])) return false;
      space_ = true;
      ++at_;
    }
    return false;
  }

  void token(size_t action) {
    if (at_ >= text_.size()) fail(action, "unclosed action");
    const size_t begin = at_;
    const char c = text_[at_];
    if (c == '"' || c == '`' || c == '\'') return quoted_constant(action);
    if (c == '$') {
      ++at_;
      word();
      add(TokenKind::variable, begin, text_.substr(begin, at_ - begin));
      return terminated();
    }
    if (c == '.' &&
        !(at_ + 1 < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_ + 1]))))
      return field(begin);
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.')
      return number(begin);
    if (is_word(c)) return name(begin);
    punctuation(begin);
  }

  void word() {
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  }

  // What may follow a name: Go's own list.
  void terminated() const {
    if (at_ >= text_.size() || is_space(text_[at_]) || ahead("}}")) return;
    if (std::string_view(".,|:=)(").find(text_[at_]) == std::string_view::npos)
      fail(at_, cat("bad character ", quoted(text_.substr(at_, 1))));
  }

  void field(size_t begin) {
    ++at_;
    const size_t start = at_;
    word();
    if (at_ == start) {
      add(TokenKind::dot, begin);
    } else {
      add(TokenKind::field, begin, text_.substr(start, at_ - start));
    }
    terminated();
  }

  void name(size_t begin) {
    word();
    const std::string text = text_.substr(begin, at_ - begin);
    if (text == "true" || text == "false") {
      add(TokenKind::constant, begin, text).constant = std::make_shared<Json>(text == "true");
    } else {
      const bool keyword = std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end();
      add(keyword ? TokenKind::keyword : TokenKind::word, begin, text);
    }
    terminated();
  }

  void quoted_constant(size_t action) {
    const size_t begin = at_;
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote && (quote == '`' || text_[at_] != '\n'))
      at_ += quote != '`' && text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size() || text_[at_] != quote)
      fail(action, quote == '`'   ? "unterminated raw quoted string"
                   : quote == '"' ? "unterminated quoted string"
                                  : "unterminated character constant");
    ++at_;
    const std::string written = text_.substr(begin, at_ - begin);
    std::optional<Json> value;
    if (quote == '\'') {
      if (const auto code = unquote_character(written)) value = *code;
    } else if (const auto text = unquote(written)) {
      value = *text;
    }
    if (!value) fail(begin, cat("invalid syntax: ", printable(written)));
    add(TokenKind::constant, begin, written).constant = std::make_shared<Json>(*value);
  }

  void number(size_t begin) {
    ++at_;
    while (at_ < text_.size() &&
           (is_word(text_[at_]) || text_[at_] == '.' ||
            ((text_[at_] == '+' || text_[at_] == '-') && std::tolower(text_[at_ - 1]) == 'e')))
      ++at_;
    const std::string written = text_.substr(begin, at_ - begin);
    const auto value = parse_go_number(written);
    if (!value) fail(begin, cat("bad number syntax: ", quoted(written)));
    add(TokenKind::constant, begin, written).constant = std::make_shared<Json>(*value);
  }

  void punctuation(size_t begin) {
    const char c = text_[at_];
    if (ahead(":=")) {
      at_ += 2;
      add(TokenKind::declare, begin, ":=");
      return;
    }
    ++at_;
    if (c == '(') ++depth_;
    if (c == ')' && --depth_ < 0) fail(begin, "unexpected right paren");
    switch (c) {
      case '(':
        add(TokenKind::left, begin, "(");
        return;
      case ')':
        add(TokenKind::right, begin, ")");
        return;
      case '|':
        add(TokenKind::pipe, begin, "|");
        return;
      case ',':
        add(TokenKind::comma, begin, ",");
        return;
      case '=':
        add(TokenKind::assign, begin, "=");
        return;
      case '{':
      case '}':
        fail(begin, cat("unexpected ", quoted(std::string(1, c)), " in operand"));
      default:
        fail(begin, cat("unrecognized character in action: ", quoted(std::string(1, c))));
    }
  }

  const std::string& text_;
  size_t at_ = 0;
  int depth_ = 0;
  bool trim_next_ = false, space_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex_template(const std::string& text) {
  return Lexer(text).run();
}

std::string place_in(const std::string& text, size_t offset) {
  offset = std::min(offset, text.size());
  const auto line = std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n');
  const size_t start = offset == 0 ? text.npos : text.rfind('\n', offset - 1);
  return cat(":", line + 1, ":", start == text.npos ? offset : offset - start - 1);
}

void fail_template(const std::string& text, size_t offset, const std::string& what,
                   const std::string& hint) {
  throw Error(cat("template: ", place_in(text, offset), ": ", what), hint, ErrorKind::usage);
}

}  // namespace mini::templates
