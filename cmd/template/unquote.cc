#include "cmd/template/unquote.h"

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

namespace mini::templates {
namespace {

// `digits` digits of `base` at `at`, which moves behind them.
std::optional<uint32_t> code_at(const std::string& text, size_t& at, size_t digits, int base) {
  if (at + digits > text.size()) return {};
  const std::string number = text.substr(at, digits);
  char* end = nullptr;
  const unsigned long value = std::strtoul(number.c_str(), &end, base);
  if (*end != '\0' || !std::isxdigit(static_cast<unsigned char>(number[0]))) return {};
  at += digits;
  return static_cast<uint32_t>(value);
}

// The escape after a backslash at `at`.
bool append_escape(const std::string& text, size_t& at, char quote, std::string& out) {
  static constexpr std::string_view kLetters = "abfnrtv\\", kMeant = "\a\b\f\n\r\t\v\\";
  const char c = text[at];
  if (const size_t found = kLetters.find(c); found != kLetters.npos) {
    out += kMeant[found];
    ++at;
    return true;
  }
  if (c == quote) {
    out += c;
    ++at;
    return true;
  }
  if (c >= '0' && c <= '7') {
    const auto code = code_at(text, at, 3, 8);
    if (!code || *code > 255) return false;
    out += static_cast<char>(*code);
    return true;
  }
  if (c != 'x' && c != 'u' && c != 'U') return false;
  const auto code = code_at(text, ++at, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16);
  if (!code) return false;
  if (c == 'x') {
    out += static_cast<char>(*code);
  } else {
    if (*code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) return false;
    append_utf8(out, *code);
  }
  return true;
}

}  // namespace

void append_utf8(std::string& out, uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

uint32_t next_rune(const std::string& text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  if (first < 0x80) return first;
  const size_t length = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (length == 0 || first > 0xf4 || at + length > text.size()) return 0xfffd;
  uint32_t code = first & (0x3f >> length);
  for (size_t i = 0; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0xfffd;
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  at += length;
  return code;
}

std::optional<std::string> unquote(const std::string& written) {
  const char quote = written.front();
  const std::string inside = written.substr(1, written.size() - 2);
  if (quote == '`') return inside;
  std::string out;
  for (size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\') {
      out += inside[at++];
    } else if (++at >= inside.size() || !append_escape(inside, at, quote, out)) {
      return {};
    }
  }
  return out;
}

std::optional<int64_t> unquote_character(const std::string& written) {
  const bool is_byte = written.starts_with("'\\x") || (written.size() == 6 && written[1] == '\\');
  const auto text = unquote(written);
  if (!text || text->empty()) return {};
  if (is_byte && text->size() == 1) return static_cast<unsigned char>(text->front());
  size_t at = 0;
  const uint32_t code = next_rune(*text, at);
  if (at != text->size()) return {};
  return code;
}

std::optional<nlohmann::ordered_json> parse_go_number(const std::string& written) {
  std::string text = written;
  std::erase(text, '_');
  const bool negative = text.front() == '-';
  const size_t sign = negative || text.front() == '+' ? 1 : 0;
  std::string digits = text.substr(sign);
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  char* end = nullptr;
  if (!hex && digits.find_first_of(".eE") != digits.npos) {
    const double value = std::strtod(text.c_str(), &end);
    if (*end != '\0' || !std::isfinite(value)) return {};
    return nlohmann::ordered_json(value);
  }
  int base = 10;
  if (hex) {
    base = 16;
    digits.erase(0, 2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    const char kind = static_cast<char>(std::tolower(digits[1]));
    base = kind == 'b' ? 2 : 8;
    digits.erase(0, kind == 'b' || kind == 'o' ? 2 : 1);
  }
  if (digits.empty() || !std::isxdigit(static_cast<unsigned char>(digits[0]))) return {};
  errno = 0;
  const long long value = std::strtoll((negative ? "-" + digits : digits).c_str(), &end, base);
  if (*end != '\0' || errno != 0) return {};
  return nlohmann::ordered_json(static_cast<int64_t>(value));
}

}  // namespace mini::templates
