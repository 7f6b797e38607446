#include "runtime/base/size.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "runtime/base/text.h"

namespace mini {
namespace {

using Units = std::array<const char*, 7>;
constexpr Units kDecimal = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
constexpr Units kBinary = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

std::string shown(double size, double base, const Units& units) {
  size_t unit = 0;
  while (size >= base && unit + 1 < units.size()) {
    size /= base;
    ++unit;
  }
  char number[32];
  snprintf(number, sizeof number, "%.4g", size);
  return cat(number, units[unit]);
}

// "", "b", "k", "kb", "kib" and so on -> the power of 1024.
std::optional<int> exponent_of(std::string_view suffix) {
  if (suffix.empty() || suffix == "b") return 0;
  constexpr std::string_view kLetters = "kmgtp";
  const size_t letter = kLetters.find(suffix[0]);
  if (letter == std::string_view::npos) return {};
  const std::string_view rest = suffix.substr(1);
  if (!rest.empty() && rest != "b" && rest != "ib") return {};
  return static_cast<int>(letter) + 1;
}

}  // namespace

std::string human_size(uint64_t bytes) {
  return shown(static_cast<double>(bytes), 1000, kDecimal);
}

std::string binary_size(uint64_t bytes) {
  return shown(static_cast<double>(bytes), 1024, kBinary);
}

std::optional<int64_t> parse_size(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  std::string_view rest = text.substr(end);
  if (rest.size() > 1 && rest.starts_with(' ')) rest.remove_prefix(1);
  const auto exponent = exponent_of(lower(rest));
  if (!exponent) return {};
  const int64_t factor = int64_t{1} << (10 * *exponent);
  if (number.find('.') == std::string_view::npos) {
    const auto whole = parse_number(number, static_cast<unsigned long long>(INT64_MAX / factor));
    if (!whole) return {};
    return static_cast<int64_t>(*whole) * factor;
  }
  double value = 0;
  const auto parsed = std::from_chars(number.begin(), number.end(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != number.end()) return {};
  value *= static_cast<double>(factor);
  if (value >= 0x1p63) return {};
  return static_cast<int64_t>(value);
}

}  // namespace mini
