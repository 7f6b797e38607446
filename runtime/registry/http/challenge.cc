#include "runtime/registry/http/challenge.h"

#include <cctype>

#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr size_t kLongestChallenge = 8192;

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
      skip_blanks();
      if (word.empty()) {
        skip_element();
      } else if (!take('=')) {
        found.push_back({lower(word), {}});
        skip_token68();
      } else if (std::string value; !found.empty() && read_value(value)) {
        found.back().parameters.emplace(lower(word), value);
      } else {
        skip_element();
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
  // Up to the next comma that is not in quotes.
  void skip_element() {
    std::string ignored;
    while (!rest_.empty() && rest_[0] != ',') {
      if (rest_[0] != '"' || !read_value(ignored)) rest_.remove_prefix(rest_.empty() ? 0 : 1);
    }
  }
  // "Negotiate YIIB/w==": what stands behind a scheme instead of parameters.
  void skip_token68() {
    size_t end = 0;
    while (end < rest_.size() && (is_token_character(rest_[end]) || rest_[end] == '/')) ++end;
    while (end < rest_.size() && rest_[end] == '=') ++end;
    const std::string_view behind = trim(rest_.substr(end));
    if (end > 0 && (behind.empty() || behind[0] == ',')) rest_ = behind;
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
  if (header.size() > kLongestChallenge) return {};
  return Parser(header).parse();
}

const Challenge* best_challenge(const std::vector<Challenge>& challenges, bool has_password) {
  const Challenge* best = nullptr;
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme == "bearer" && challenge.parameters.contains("realm")) return &challenge;
    if (challenge.scheme == "basic" && has_password && !best) best = &challenge;
  }
  return best;
}

}  // namespace mini::registry
