// Small pure functions over text. No locale, no I/O; all input may be hostile bytes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mini {

namespace text_detail {
inline void append(std::string& out, std::string_view part) {
  out += part;
}
inline void append(std::string& out, char part) {
  out += part;
}
template <class Number>
requires(std::is_arithmetic_v<Number> &&
         !std::is_same_v<Number, char>) void append(std::string& out, Number part) {
  out += std::to_string(part);
}
}  // namespace text_detail

// One string from strings, characters and numbers: cat("layer ", index, ": ", name).
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (text_detail::append(out, parts), ...);
  return out;
}

// "a,b,,c" by ',' gives four pieces; an empty text gives one empty piece.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);  // blanks, tabs, CR, LF at both ends
std::string lower(std::string_view text);      // ASCII only
std::string upper(std::string_view text);      // ASCII only

// "directory/name", or the other one when either is empty. Text only: no "." or ".." is resolved.
std::string join_path(std::string_view directory, std::string_view name);

inline constexpr char kHexDigits[] = "0123456789abcdef";

// Strict: the whole text is one decimal number without sign, blanks or overflow, at most `max`.
std::optional<unsigned long long> parse_number(std::string_view text,
                                               unsigned long long max = ~0ULL);

// What may be shown on a terminal: control bytes, ESC, invalid UTF-8 and bidirectional marks become
// \xNN or \u{NNNN}; '\t' stays. Everything that came from an image, a Dockerfile or a container and
// is printed by mini (not passed through) goes through this.
std::string printable(std::string_view text);
// "text" in double quotes, printable, with " and \ escaped.
// An object, because a call with a std::string would also find std::quoted, and prefer it.
struct Quoted {
  std::string operator()(std::string_view text) const;
};
inline constexpr Quoted quoted;

// The candidate nearest to `word` (edit distance with transpositions, case ignored) when it is near
// enough to be a typing error.
std::optional<std::string> did_you_mean(std::string_view word,
                                        std::span<const std::string_view> candidates);

}  // namespace mini
