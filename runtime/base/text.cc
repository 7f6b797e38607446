#include "runtime/base/text.h"

#include <algorithm>
#include <cstdint>

namespace mini {
namespace {

// One code point of valid UTF-8 at the start of `text`, or nothing: no surrogates, no overlong
// forms, nothing above 10FFFF.
struct CodePoint {
  uint32_t value;
  size_t size;
};

std::optional<CodePoint> decode_utf8(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return CodePoint{first, 1};
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  uint32_t value = first & (0xffU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10ffff) return {};
  if (value >= 0xd800 && value <= 0xdfff) return {};
  return CodePoint{value, size};
}

// Code points that change how the text around them is shown, or that show nothing at all.
bool is_deceptive(uint32_t c) {
  return (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

void append_byte_escape(std::string& out, unsigned char byte) {
  out += "\\x";
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

void append_code_point_escape(std::string& out, uint32_t value) {
  const int digits = value > 0xfffff ? 6 : value > 0xffff ? 5 : 4;
  out += "\\u{";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHexDigits[value >> shift & 15];
  out += '}';
}

char lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
char upper_ascii(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost one
// each. Another first letter costs more: who types "gpus" does not mean "cpus".
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : i + j == 2 ? 2 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  for (;;) {
    const size_t end = text.find(separator);
    pieces.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return name.empty() ? std::string(directory) : cat(directory, '/', name);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_ascii);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper_ascii);
  return out;
}

std::optional<unsigned long long> parse_number(std::string_view text, unsigned long long max) {
  if (text.empty()) return {};
  unsigned long long value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    if (__builtin_mul_overflow(value, 10ULL, &value)) return {};
    if (__builtin_add_overflow(value, static_cast<unsigned long long>(c - '0'), &value)) return {};
  }
  if (value > max) return {};
  return value;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const auto point = decode_utf8(text);
    if (!point || (first < 0x20 && first != '\t') || first == 0x7f) {
      append_byte_escape(out, first);
      text.remove_prefix(1);
      continue;
    }
    if (is_deceptive(point->value)) {
      append_code_point_escape(out, point->value);
    } else {
      out += text.substr(0, point->size);
    }
    text.remove_prefix(point->size);
  }
  return out;
}

std::string Quoted::operator()(std::string_view text) const {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return cat('"', printable(escaped), '"');
}

std::optional<std::string> did_you_mean(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  // Nobody mistypes a word this long by a few letters only, and the table below is quadratic.
  constexpr size_t kLongest = 64;
  const auto bare = [](std::string_view name) {
    return lower(name.substr(std::min(name.find_first_not_of('-'), name.size())));
  };
  const std::string typed = bare(word);
  if (typed.empty() || typed.size() > kLongest) return {};
  size_t nearest = kLongest;
  std::optional<std::string> best;
  for (const std::string_view candidate : candidates) {
    const std::string name = bare(candidate);
    if (name.size() > kLongest) continue;
    const size_t shorter = std::min(name.size(), typed.size());
    const size_t allowed = shorter < 2 ? 0 : shorter <= 5 ? 1 : 2;
    const size_t distance = edit_distance(typed, name);
    if (distance >= nearest || distance > allowed) continue;
    nearest = distance;
    best = std::string(candidate);
  }
  return best;
}

}  // namespace mini
