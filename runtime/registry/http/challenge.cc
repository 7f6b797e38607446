#include "runtime/registry/http/challenge.h"

#include <cctype>

#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr size_t kLongest = 8192;

bool is_token_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 &&
         (std::isalnum(byte) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string::npos);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::vector<Challenge> parse() {
    std::vector<Challenge> found;
    while (skip_separators(), !rest_.empty()) {
      const std::string word = token();
      if (word.empty()) return found;
      skip_blanks();
      if (take('=')) {
        // Belongs to the challenge before it; "scheme token68=" has none that mini uses.
        std::string value;
        if (found.empty() || !read_value(value)) return found;
        found.back().parameters.emplace(lower(word), value);
      } else {
        found.push_back({lower(word), {}});
      }
    }
    return found;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  void skip_separators() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == ','))
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string token() {
    size_t end = 0;
    while (end < rest_.size() && is_token_character(rest_[end])) ++end;
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return word;
  }
  bool read_value(std::string& value) {
    skip_blanks();
    if (!take('"')) {
      value = token();
      return !value.empty();
    }
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      value += rest_[0];
      rest_.remove_prefix(1);
    }
    return take('"');
  }

  std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  if (header.size() > kLongest) return {};
  return Parser(header).parse();
}

}  // namespace mini::registry
