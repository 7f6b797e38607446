// The tokens of a Go template (package text/template): text between actions, and the parts of each
// {{action}}. Trim markers ({{- and -}}) and comments are dealt with here. Throws Error (usage)
// with the place. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mini::templates {

enum class TokenKind {
  text,
  open,
  close,
  field,     // .Name; `text` without the dot
  dot,       // . alone
  variable,  // $ or $name
  word,      // a function's name
  keyword,   // if, else, end, range, with, define, block, template, break, continue, nil
  constant,  // a text, a number, true or false
  left,      // (
  right,     // )
  pipe,      // |
  comma,     // ,
  declare,   // :=
  assign,    // =
  end        // of the template
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  std::shared_ptr<const nlohmann::ordered_json> constant;
  size_t begin = 0, end = 0;  // in the template
  bool after_space = false;
};

std::vector<Token> lex_template(const std::string& text);

// ":1:7", as Go writes where something is: line and column, from 1 and 0.
std::string place_in(const std::string& text, size_t offset);
[[noreturn]] void fail_template(const std::string& text, size_t offset, const std::string& what,
                                const std::string& hint = {});

}  // namespace mini::templates
