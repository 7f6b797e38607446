#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cmd/template/functions.h"
#include "cmd/template/unquote.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

constexpr int kMaxWidth = 10'000;

struct Verb {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  int width = -1, precision = -1;
  char letter = 'v';
};

size_t runes_in(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string padded(const Verb& verb, std::string text, bool is_number = false) {
  const size_t width = verb.width < 0 ? 0 : static_cast<size_t>(verb.width);
  const size_t size = runes_in(text);
  if (size >= width) return text;
  const std::string fill(width - size, verb.zero && !verb.minus ? '0' : ' ');
  if (verb.minus) return text + fill;
  const bool sign = is_number && fill[0] == '0' && (text[0] == '-' || text[0] == '+');
  return sign ? text[0] + fill + text.substr(1) : fill + text;
}

std::string hex_of(const std::string& text, bool upper_case, bool spaced) {
  const char* const digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (spaced && !out.empty()) out += ' ';
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string digits_of(uint64_t value, unsigned base, bool upper_case) {
  std::string out;
  do {
    out.insert(out.begin(), (upper_case ? "0123456789ABCDEF" : "0123456789abcdef")[value % base]);
    value /= base;
  } while (value != 0);
  return out;
}

std::string wrong_verb(const Verb& verb, const Value& value) {
  const std::string type = go_type(value);
  if (type == "<nil>") return cat("%!", verb.letter, "(<nil>)");
  return cat("%!", verb.letter, "(", type, "=", text_of(value), ")");
}

std::string truncated(const Verb& verb, const std::string& text) {
  if (verb.precision < 0) return text;
  size_t at = 0;
  for (int i = 0; i < verb.precision && at < text.size(); ++i) next_rune(text, at);
  return text.substr(0, at);
}

std::string format_text(const Verb& verb, const Value& value) {
  const std::string text = value.data();
  switch (verb.letter) {
    case 'v':
      if (verb.sharp) return padded(verb, quoted_go(text));
      [[fallthrough]];
    case 's':
      return padded(verb, truncated(verb, text));
    case 'q':
      return padded(verb, verb.sharp && text.find('`') == text.npos
                              ? cat("`", text, "`")
                              : quoted_go(truncated(verb, text)));
    case 'x':
    case 'X':
      return padded(verb, hex_of(text, verb.letter == 'X', verb.space));
    default:
      return wrong_verb(verb, value);
  }
}

std::string format_integer(const Verb& verb, const Value& value) {
  const bool negative = !value.data().is_number_unsigned() && value.data().get<int64_t>() < 0;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(value.data().get<int64_t>())
                                 : value.data().get<uint64_t>();
  const auto signed_text = [&](const std::string& prefix, unsigned base) {
    const char* const sign = negative ? "-" : verb.plus ? "+" : verb.space ? " " : "";
    return padded(
        verb, cat(sign, verb.sharp ? prefix : "", digits_of(size, base, verb.letter == 'X')), true);
  };
  std::string text;
  switch (verb.letter) {
    case 'v':
    case 'd':
      return signed_text("", 10);
    case 'b':
      return signed_text("0b", 2);
    case 'o':
      return signed_text("0", 8);
    case 'O':
      return padded(verb, cat(negative ? "-" : "", "0o", digits_of(size, 8, false)), true);
    case 'x':
      return signed_text("0x", 16);
    case 'X':
      return signed_text("0X", 16);
    case 'c':
    case 'q':
      append_utf8(text, size > 0x10ffff ? 0xfffd : static_cast<uint32_t>(size));
      return padded(verb, verb.letter == 'c' ? text : cat("'", text, "'"));
    case 'U': {
      const std::string digits = digits_of(size, 16, true);
      return padded(verb,
                    cat("U+", std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0'), digits));
    }
    default:
      return wrong_verb(verb, value);
  }
}

std::string format_float(const Verb& verb, const Value& value) {
  if (verb.letter == 'v' && verb.precision < 0) return padded(verb, text_of(value), true);
  if (std::string_view("veEfFgG").find(verb.letter) == std::string_view::npos)
    return wrong_verb(verb, value);
  if (verb.precision < 0 && (verb.letter == 'g' || verb.letter == 'G'))
    return padded(verb, text_of(value), true);
  const std::array<char, 6> format = {'%',
                                      verb.plus ? '+' : '.',
                                      verb.plus ? '.' : '*',
                                      verb.plus ? '*' : (verb.letter == 'v' ? 'g' : verb.letter),
                                      verb.plus ? (verb.letter == 'v' ? 'g' : verb.letter) : '\0',
                                      '\0'};
  std::array<char, 512> out{};
  std::snprintf(out.data(), out.size(), format.data(),
                std::min(verb.precision < 0 ? 6 : verb.precision, 100), value.data().get<double>());
  return padded(verb, out.data(), true);
}

std::string format_value(const Verb& verb, const Value& value);

std::string format_members(const Verb& verb, const Value& value, char open, char close) {
  std::vector<std::string> parts;
  if (value.type() == Type::list) {
    for (size_t i = 0; i < value.data().size(); ++i)
      parts.push_back(format_value(verb, element_of(value, i)));
  } else {
    Verb plain;
    std::vector<std::string> keys;
    for (const auto& item : value.data().items()) keys.push_back(item.key());
    if (value.type() == Type::map) keys = sorted_keys(value.data());
    for (const std::string& key : keys) {
      const std::string text = format_value(verb, member_of(value, key));
      const bool named = value.type() == Type::map || verb.plus || verb.sharp;
      parts.push_back(
          named ? cat(verb.letter == 'q' && value.type() == Type::map ? quoted_go(key) : key, ":",
                      text)
                : text);
    }
  }
  return cat(value.type() == Type::map ? "map" : "", std::string(1, open), join(parts, " "),
             std::string(1, close));
}

std::string format_value(const Verb& verb, const Value& value) {
  if (verb.letter == 'T') return padded(verb, go_type(value));
  switch (value.type()) {
    case Type::none:
    case Type::nil:
      return verb.letter == 'v' ? padded(verb, "<nil>") : wrong_verb(verb, value);
    case Type::boolean:
      return verb.letter == 'v' || verb.letter == 't' ? padded(verb, text_of(value))
                                                      : wrong_verb(verb, value);
    case Type::number:
      return value.data().is_number_float() ? format_float(verb, value)
                                            : format_integer(verb, value);
    case Type::text:
      return format_text(verb, value);
    case Type::list:
    case Type::map:
      return format_members(verb, value, '[', ']');
    default:
      return format_members(verb, value, '{', '}');
  }
}

class Formatter {
 public:
  explicit Formatter(const std::vector<Value>& operands)
      : in_(operands),
        format_(operands[0].data().is_string() ? operands[0].data().get<std::string>()
                                               : text_of(operands[0])) {}

  std::string run() {
    while (at_ < format_.size()) {
      const size_t next = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, next - at_);
      at_ = next;
      if (at_ < format_.size()) verb();
    }
    if (used_ < in_.size()) extra();
    return std::move(out_);
  }

 private:
  void flags(Verb& verb) {
    for (; at_ < format_.size(); ++at_) {
      switch (format_[at_]) {
        case '-':
          verb.minus = true;
          break;
        case '+':
          verb.plus = true;
          break;
        case '#':
          verb.sharp = true;
          break;
        case ' ':
          verb.space = true;
          break;
        case '0':
          verb.zero = true;
          break;
        default:
          return;
      }
    }
  }

  int number() {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const bool good = used_ < in_.size() && in_[used_].data().is_number_integer();
      const int64_t value = good ? in_[used_].data().get<int64_t>() : -1;
      used_ += used_ < in_.size() ? 1 : 0;
      if (!good || value > kMaxWidth || value < 0) out_ += "%!(BADWIDTH)";
      return static_cast<int>(std::clamp<int64_t>(value, -1, kMaxWidth));
    }
    int value = -1;
    for (; at_ < format_.size() && std::isdigit(static_cast<unsigned char>(format_[at_])); ++at_)
      value = std::min(std::max(value, 0) * 10 + (format_[at_] - '0'), kMaxWidth);
    return value;
  }

  void verb() {
    ++at_;
    Verb verb;
    flags(verb);
    verb.width = number();
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      verb.precision = std::max(number(), 0);
    }
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    verb.letter = format_[at_++];
    if (verb.letter == '%') {
      out_ += '%';
    } else if (used_ >= in_.size()) {
      out_ += cat("%!", std::string(1, verb.letter), "(MISSING)");
    } else {
      out_ += format_value(verb, in_[used_++]);
    }
  }

  void extra() {
    std::vector<std::string> parts;
    for (; used_ < in_.size(); ++used_) {
      const std::string type = go_type(in_[used_]);
      parts.push_back(type == "<nil>" ? type : cat(type, "=", text_of(in_[used_])));
    }
    out_ += cat("%!(EXTRA ", join(parts, ", "), ")");
  }

  const std::vector<Value>& in_;
  const std::string format_;
  std::string out_;
  size_t at_ = 0, used_ = 1;
};

}  // namespace

std::string quoted_go(const std::string& text) {
  static constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\\"", kLetters = "abfnrtv\\\"";
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const uint32_t code = next_rune(text, at);
    const std::string piece = text.substr(start, at - start);
    if (const size_t found = code < 0x80 ? kMeant.find(static_cast<char>(code)) : kMeant.npos;
        found != kMeant.npos) {
      out += cat("\\", std::string(1, kLetters[found]));
    } else if (printable(piece) == piece) {
      out += piece;
    } else if (code < 0x80 || at - start == 1) {
      out += cat("\\x", hex_of(piece, false, false));
    } else {
      const std::string digits = digits_of(code, 16, false);
      const size_t width = code < 0x10000 ? 4 : 8;
      out += cat(width == 4 ? "\\u" : "\\U", std::string(width - digits.size(), '0'), digits);
    }
  }
  return out + "\"";
}

std::string format_values(const std::vector<Value>& operands) {
  return Formatter(operands).run();
}

// A blank only between two values that are no texts.
std::string print_values(const std::vector<Value>& operands) {
  std::string out;
  for (size_t i = 0; i < operands.size(); ++i) {
    const bool texts =
        i > 0 && (operands[i - 1].type() == Type::text || operands[i].type() == Type::text);
    if (i > 0 && !texts) out += ' ';
    out += operands[i].is_absent ? "<nil>" : text_of(operands[i]);
  }
  return out;
}

}  // namespace mini::templates
