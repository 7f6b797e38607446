#include "builder/dockerfile/expand.h"

#include <utility>

#include "builder/dockerfile/shell_pattern.h"
#include "builder/dockerfile/words.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Collects the result in both of its forms at once: one string, and words.
class Output {
 public:
  void plain(char c) {
    add(c);
    if (!is_blank(c)) {
      word_ += c;
      in_word_ = true;
    } else if (in_word_ && !word_.empty()) {
      end_word();
    }
  }
  void raw(char c) {
    add(c);
    word_ += c;
    in_word_ = true;
  }
  void plain(std::string_view part) {
    for (size_t at = 0; at < part.size();) {
      const size_t end = skip_word(part, at);
      if (end > at) raw(part.substr(at, end - at));
      if (end < part.size()) plain(part[end]);
      at = end + 1;
    }
  }
  void raw(std::string_view part) {
    reserve(part.size());
    text += part;
    word_ += part;
    in_word_ = true;
  }

  std::string text;
  std::vector<std::string> take_words() {
    if (!word_.empty()) end_word();
    return std::move(words_);
  }

 private:
  void reserve(size_t more) const {
    // The offset is put in by the lexer, which knows where it stands.
    if (text.size() + more > kExpansionLimit)
      throw Error(cat("the expanded text is longer than ", kExpansionLimit, " bytes"));
  }
  void add(char c) {
    reserve(1);
    text += c;
  }
  void end_word() {
    words_.push_back(std::exchange(word_, {}));
    in_word_ = false;
  }

  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;
};

class Lexer {
 public:
  Lexer(std::string_view text, const Lookup& lookup, const ExpandOptions& options,
        UsedVariables* used)
      : text_(text), lookup_(lookup), options_(options), used_(used) {}

  Output run() {
    try {
      return until(0, options_.raw_escapes);
    } catch (const ExpandError&) {
      throw;
    } catch (const Error& error) {
      throw ExpandError(dollar_, error.what(), error.hint());
    }
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[noreturn]] static void fail(size_t offset, const std::string& message, std::string hint = {}) {
    throw ExpandError(offset, message, std::move(hint));
  }
  [[noreturn]] void fail_open(size_t dollar) const {
    fail(dollar, "${ without a closing }", "close it, or write \\$ for a dollar sign");
  }

  Output until(char stop, bool raw_escapes);
  std::string single_quoted();
  std::string double_quoted();
  std::string dollar();
  std::string braced(size_t dollar);
  std::string nested(char stop, bool raw_escapes, size_t dollar);
  std::string default_or_error(size_t dollar, const std::string& name, const std::string& modifier);
  std::string trimmed(size_t dollar, const std::string& name, const std::string& modifier);
  std::string replaced(size_t dollar, const std::string& name);
  std::string name();
  std::optional<std::string> value_of(const std::string& name, bool has_default);

  std::string_view text_;
  const Lookup& lookup_;
  const ExpandOptions& options_;
  UsedVariables* used_;
  size_t at_ = 0;
  size_t dollar_ = 0;  // the latest substitution, for errors from below
  int depth_ = 0;
  bool raw_escapes_ = false;
};

// Up to `stop` (taken), or to the end when it is 0.
Output Lexer::until(char stop, bool raw_escapes) {
  const bool outer_raw = std::exchange(raw_escapes_, raw_escapes);
  const size_t begin = at_;
  Output out;
  while (!at_end()) {
    const char c = peek();
    if (stop && c == stop) {
      ++at_;
      raw_escapes_ = outer_raw;
      return out;
    }
    if (c == '$') {
      out.plain(dollar());
    } else if (c == '\'' && !options_.plain_quotes) {
      out.raw(single_quoted());
    } else if (c == '"' && !options_.plain_quotes) {
      out.raw(double_quoted());
    } else if (c == options_.escape) {
      ++at_;
      if (raw_escapes_) out.raw(c);
      if (!at_end()) out.raw(text_[at_++]);
    } else {
      out.plain(c);
      ++at_;
    }
  }
  if (stop) fail(begin, cat("unexpected end while looking for ", quoted(std::string(1, stop))));
  return out;
}

std::string Lexer::single_quoted() {
  const size_t open = at_;
  const size_t close = text_.find('\'', open + 1);
  if (close == std::string_view::npos) {
    fail(open, "unterminated single quote", "close it, or escape it with \\'");
  }
  at_ = close + 1;
  const size_t trim = options_.raw_quotes ? 0 : 1;
  return std::string(text_.substr(open + trim, close + 1 - open - 2 * trim));
}

std::string Lexer::double_quoted() {
  const size_t open = at_++;
  std::string out;
  if (options_.raw_quotes) out += '"';
  while (!at_end()) {
    const char c = peek();
    if (out.size() > kExpansionLimit) throw Error("the expanded text is too long");
    if (c == '"') {
      ++at_;
      if (options_.raw_quotes) out += c;
      return out;
    }
    if (c == '$') {
      out += dollar();
      continue;
    }
    ++at_;
    if (c != options_.escape) {
      out += c;
      continue;
    }
    if (raw_escapes_) out += c;
    if (at_end()) break;
    const char next = peek();
    if (next == '"' || next == '$' || next == options_.escape) {
      out += next;
      ++at_;
    } else {
      out += c;
    }
  }
  fail(open, "unterminated double quote", "close it, or escape it with \\\"");
}

std::string Lexer::name() {
  const size_t begin = at_;
  if (is_digit(peek())) {
    while (is_digit(peek())) ++at_;
  } else if (!at_end() && std::string_view("@*#?-$!").find(peek()) != std::string_view::npos) {
    ++at_;
  } else {
    while (is_name_character(peek())) ++at_;
  }
  return std::string(text_.substr(begin, at_ - begin));
}

std::optional<std::string> Lexer::value_of(const std::string& variable, bool has_default) {
  std::optional<std::string> value = lookup_ ? lookup_(variable) : std::nullopt;
  if (!value && !has_default && options_.missing) options_.missing->insert(variable);
  if (used_) used_->insert_or_assign(variable, value);
  return value;
}

std::string Lexer::dollar() {
  const size_t start = dollar_ = at_++;
  if (peek() == '{') {
    ++at_;
    if (++depth_ > kExpansionDepth) fail(start, "substitutions are nested too deeply");
    std::string out = braced(start);
    --depth_;
    return out;
  }
  const std::string variable = name();
  if (variable.empty()) return "$";
  const auto value = value_of(variable, false);
  if (!value && options_.keep_unset) return cat("$", variable);
  return value.value_or("");
}

// The word inside ${…}, up to `stop`.
std::string Lexer::nested(char stop, bool raw_escapes, size_t dollar) {
  try {
    return until(stop, raw_escapes).text;
  } catch (const ExpandError&) {
    if (!at_end()) throw;
    if (stop == '/') fail(dollar, "${name/pattern without a second /");
    fail_open(dollar);
  }
}

std::string Lexer::braced(size_t dollar) {
  if (at_end()) fail_open(dollar);
  const std::string variable = name();
  if (variable.empty()) {
    fail(dollar, "bad substitution: ${ is not followed by a name",
         "write ${NAME}, or \\$ for a dollar sign");
  }
  if (at_end()) fail_open(dollar);
  std::string modifier(1, text_[at_++]);
  if (modifier == "}") {
    const auto value = value_of(variable, false);
    if (!value && options_.keep_unset) return cat("${", variable, "}");
    return value.value_or("");
  }
  if (modifier == "/") return replaced(dollar, variable);
  if (modifier == ":") {
    if (at_end()) fail_open(dollar);
    modifier += text_[at_++];
  }
  switch (modifier.back()) {
    case '-':
    case '+':
    case '?':
      return default_or_error(dollar, variable, modifier);
    case '#':
    case '%':
      return trimmed(dollar, variable, modifier);
    default:
      fail(dollar,
           cat("bad substitution: ", quoted(cat("${", variable, modifier)),
               " has no known modifier"),
           "one of :- - :+ + :? ? # ## % %% / and //");
  }
}

std::string Lexer::default_or_error(size_t dollar, const std::string& variable,
                                    const std::string& modifier) {
  std::string word = nested('}', false, dollar);
  const auto value = value_of(variable, modifier.back() != '?');
  if (!value && options_.keep_unset) return cat("${", variable, modifier, word, "}");
  const bool missing = !value || (modifier.size() > 1 && value->empty());
  switch (modifier.back()) {
    case '-':
      return missing ? word : *value;
    case '+':
      return missing ? std::string() : word;
    default:
      if (!missing) return *value;
      if (word.empty()) word = value ? "may not be empty" : "must be set";
      fail(dollar, cat(variable, ": ", printable(word)),
           cat("give it with --build-arg ", variable, "=…, ARG or ENV"));
  }
}

std::string Lexer::trimmed(size_t dollar, const std::string& variable,
                           const std::string& modifier) {
  std::string word = nested('}', true, dollar);
  const auto value = value_of(variable, false);
  if (!value && options_.keep_unset) return cat("${", variable, modifier, word, "}");
  const bool longest = word.starts_with(modifier.back());
  if (longest) word.erase(0, 1);
  dollar_ = dollar;
  const ShellPattern pattern(word);
  return modifier.back() == '#' ? pattern.trim_prefix(value.value_or(""), longest)
                                : pattern.trim_suffix(value.value_or(""), longest);
}

std::string Lexer::replaced(size_t dollar, const std::string& variable) {
  const bool all = peek() == '/';
  if (all) ++at_;
  const std::string pattern = nested('/', true, dollar);
  const std::string replacement = nested('}', true, dollar);
  const auto value = value_of(variable, false);
  if (!value && options_.keep_unset)
    return cat("${", variable, all ? "//" : "/", pattern, "/", replacement, "}");
  dollar_ = dollar;
  return ShellPattern(pattern).replace(value.value_or(""), replacement, all, kExpansionLimit);
}

}  // namespace

std::string expand_word(std::string_view text, const Lookup& lookup, const ExpandOptions& options,
                        UsedVariables* used) {
  return Lexer(text, lookup, options, used).run().text;
}

std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup,
                                      const ExpandOptions& options, UsedVariables* used) {
  return Lexer(text, lookup, options, used).run().take_words();
}

}  // namespace mini::dockerfile
