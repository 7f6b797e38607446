#include "builder/dockerfile/words.h"

#include <nlohmann/json.hpp>

#include "runtime/base/text.h"

namespace mini::dockerfile {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\n';
}

size_t skip_blanks(std::string_view text, size_t from) {
  while (from < text.size() && is_blank(text[from])) ++from;
  return from;
}

size_t skip_word(std::string_view text, size_t from) {
  while (from < text.size() && !is_blank(text[from])) ++from;
  return from;
}

std::vector<Token> split_at_blanks(std::string_view text, size_t from) {
  std::vector<Token> out;
  for (size_t begin = skip_blanks(text, from); begin < text.size();) {
    const size_t end = skip_word(text, begin);
    out.push_back({std::string(text.substr(begin, end - begin)), begin, end});
    begin = skip_blanks(text, end);
  }
  return out;
}

std::vector<Token> split_outside_quotes(std::string_view text, size_t from, char escape) {
  std::vector<Token> out;
  for (size_t at = skip_blanks(text, from); at < text.size(); at = skip_blanks(text, at)) {
    Token token{{}, at, at};
    char quote = 0;
    for (; at < text.size() && (quote || !is_blank(text[at])); ++at) {
      const char c = text[at];
      if (c == escape && quote != '\'') {
        if (at + 1 == text.size()) continue;  // an escape character at the very end means nothing
        token.text += c;
        token.text += text[++at];
        continue;
      }
      if (quote) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      }
      token.text += c;
    }
    token.end = at;
    out.push_back(std::move(token));
  }
  return out;
}

LeadingFlags take_flags(std::string_view text, size_t from) {
  LeadingFlags out;
  size_t at = skip_blanks(text, from);
  while (text.substr(at, 2) == "--") {
    Token token{{}, at, at};
    char quote = 0;
    for (; at < text.size() && (quote || !is_blank(text[at])); ++at) {
      const char c = text[at];
      if (c == '\\') {
        if (at + 1 < text.size()) token.text += text[++at];
      } else if (quote) {
        if (c == quote) {
          quote = 0;
        } else {
          token.text += c;
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else {
        token.text += c;
      }
    }
    token.end = at;
    at = skip_blanks(text, at);
    if (token.text == "--") break;
    out.flags.push_back(std::move(token));
  }
  out.rest = at;
  return out;
}

namespace {

// The end of the JSON string that begins at `at` (its opening quote), one past the closing quote;
// npos when there is none.
size_t json_string_end(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

bool decode_json_string(std::string_view quoted_text, std::string& out) {
  // Bytes that are not UTF-8 stay as they are: file names may contain them, and JSON proper could
  // not say them.
  if (quoted_text.find('\\') == std::string_view::npos) {
    out = quoted_text.substr(1, quoted_text.size() - 2);
    for (const char c : out) {
      if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    return true;
  }
  const auto value = nlohmann::json::parse(quoted_text, nullptr, false);
  if (!value.is_string()) return false;
  out = value.get<std::string>();
  return true;
}

// JSON but not all strings, or no JSON at all?
JsonArray other_json(std::string_view text) {
  return {nlohmann::json::accept(text) ? JsonForm::mixed : JsonForm::none, {}};
}

}  // namespace

JsonArray parse_json_array(std::string_view text, size_t from) {
  size_t at = skip_blanks(text, from);
  if (at >= text.size() || text[at] != '[') return {};
  const std::string_view whole = trim(text.substr(at));
  JsonArray out{JsonForm::strings, {}};
  at = skip_blanks(text, at + 1);
  if (at < text.size() && text[at] == ']') {
    return skip_blanks(text, at + 1) == text.size() ? out : JsonArray{};
  }
  while (at < text.size()) {
    if (text[at] != '"') return other_json(whole);
    const size_t end = json_string_end(text, at);
    if (end == std::string_view::npos) return {};
    Token token{{}, at, end};
    if (!decode_json_string(text.substr(at, end - at), token.text)) return {};
    out.items.push_back(std::move(token));
    at = skip_blanks(text, end);
    if (at >= text.size()) return {};
    if (text[at] == ']') return skip_blanks(text, at + 1) == text.size() ? out : JsonArray{};
    if (text[at] != ',') return {};
    at = skip_blanks(text, at + 1);
  }
  return {};
}

bool resembles_json_array(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text[0] != '[') return false;
  const size_t first = skip_blanks(text, 1);
  if (first >= text.size()) return false;
  if (text[first] != '\'' && text[first] != '"' && !text.starts_with("[\xE2\x80\x9C")) return false;
  // `[ "$a" = b ]` is the shell's test command: it needs the blank, and no comma.
  return first == 1 || (text.ends_with(']') && text.find(',') != std::string_view::npos);
}

}  // namespace mini::dockerfile
