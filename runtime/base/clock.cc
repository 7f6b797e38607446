#include "runtime/base/clock.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

constexpr int64_t kMicrosecond = 1'000, kMillisecond = 1'000'000, kSecond = 1'000'000'000;
constexpr int64_t kMinute = 60 * kSecond, kHour = 60 * kMinute;

int64_t read_clock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

std::string padded(int64_t value, size_t width) {
  const std::string digits = std::to_string(value);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// A reader that takes pieces off the front of a text.
struct Scanner {
  std::string_view text;

  bool take(char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  }

  // Exactly `width` digits with a value in [low, high].
  bool number(size_t width, int low, int high, int& out) {
    const auto value = parse_number(text.substr(0, width), static_cast<unsigned>(high));
    if (text.size() < width || !value || static_cast<int>(*value) < low) return false;
    out = static_cast<int>(*value);
    text.remove_prefix(width);
    return true;
  }

  std::string_view digits() {
    const size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view found = text.substr(0, size);
    text.remove_prefix(size);
    return found;
  }
};

// Digits after a decimal point as a part of `unit`; what is finer than a nanosecond is cut off.
int64_t fraction_of(std::string_view digits, int64_t unit) {
  __int128 value = 0, scale = 1;
  for (const char digit : digits.substr(0, 18)) {
    value = value * 10 + (digit - '0');
    scale *= 10;
  }
  return static_cast<int64_t>(value * unit / scale);
}

struct Civil {
  int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int64_t nanoseconds = 0;
};

bool scan_date(Scanner& in, Civil& out) {
  if (!in.number(4, 0, 9999, out.year) || !in.take('-') || !in.number(2, 1, 12, out.month) ||
      !in.take('-') || !in.number(2, 1, 31, out.day)) {
    return false;
  }
  return std::chrono::year_month_day(std::chrono::year(out.year), std::chrono::month(out.month),
                                     std::chrono::day(out.day))
      .ok();
}

// hh:mm:ss[.fraction]; the seconds only when there are some, if `short_form`.
bool scan_time(Scanner& in, bool short_form, Civil& out) {
  if (!in.number(2, 0, 23, out.hour) || !in.take(':') || !in.number(2, 0, 59, out.minute)) {
    return false;
  }
  if (short_form && !in.text.starts_with(':')) return true;
  if (!in.take(':') || !in.number(2, 0, 59, out.second)) return false;
  if (!in.take('.')) return true;
  const std::string_view digits = in.digits();
  out.nanoseconds = fraction_of(digits, kSecond);
  return !digits.empty();
}

// "Z" or "+hh:mm", as seconds east of Greenwich.
bool scan_zone(Scanner& in, int64_t& east) {
  east = 0;
  if (in.take('Z') || in.take('z')) return true;
  const bool west = in.text.starts_with('-');
  int hours, minutes;
  if (!in.take('+') && !in.take('-')) return false;
  if (!in.number(2, 0, 23, hours) || !in.take(':') || !in.number(2, 0, 59, minutes)) return false;
  east = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  return true;
}

std::optional<int64_t> to_ns(int64_t seconds, int64_t nanoseconds) {
  int64_t out;
  if (__builtin_mul_overflow(seconds, kSecond, &out)) return {};
  if (__builtin_add_overflow(out, nanoseconds, &out)) return {};
  return out;
}

std::optional<int64_t> utc(const Civil& time, int64_t east) {
  const std::chrono::sys_days days(std::chrono::year_month_day(
      std::chrono::year(time.year), std::chrono::month(time.month), std::chrono::day(time.day)));
  const int64_t seconds = days.time_since_epoch().count() * int64_t{86400} + time.hour * 3600 +
                          time.minute * 60 + time.second - east;
  return to_ns(seconds, time.nanoseconds);
}

std::optional<int64_t> local(const Civil& time) {
  tm broken{};
  broken.tm_year = time.year - 1900;
  broken.tm_mon = time.month - 1;
  broken.tm_mday = time.day;
  broken.tm_hour = time.hour;
  broken.tm_min = time.minute;
  broken.tm_sec = time.second;
  broken.tm_isdst = -1;
  return to_ns(mktime(&broken), time.nanoseconds);
}

// A date, or a date and a time to the minute or finer, with or without a zone.
std::optional<int64_t> parse_date(std::string_view text) {
  Scanner in{text};
  Civil time;
  if (!scan_date(in, time)) return {};
  if (in.take('T') && !scan_time(in, true, time)) return {};
  if (in.text.empty()) return local(time);
  int64_t east;
  if (!scan_zone(in, east) || !in.text.empty()) return {};
  return utc(time, east);
}

std::optional<int64_t> parse_unix_time(std::string_view text) {
  const size_t point = text.find('.');
  const auto seconds = parse_number(text.substr(0, point), INT64_MAX);
  if (!seconds) return {};
  if (point == std::string_view::npos) return to_ns(static_cast<int64_t>(*seconds), 0);
  const std::string_view digits = text.substr(point + 1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return {};
  return to_ns(static_cast<int64_t>(*seconds), fraction_of(digits, kSecond));
}

struct Unit {
  std::string_view name;
  int64_t size;
};

// Longer names first where one begins with another.
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", kMicrosecond},
                                         {"\u00b5s", kMicrosecond},
                                         {"\u03bcs", kMicrosecond},
                                         {"ms", kMillisecond},
                                         {"s", kSecond},
                                         {"m", kMinute},
                                         {"h", kHour}}};

// One number with its unit, such as "1.5h".
std::optional<int64_t> scan_duration_part(Scanner& in) {
  const std::string_view whole = in.digits();
  std::string_view fraction;
  if (in.take('.')) fraction = in.digits();
  if (whole.empty() && fraction.empty()) return {};
  const auto count = parse_number(whole.empty() ? "0" : whole, INT64_MAX);
  if (!count) return {};
  for (const Unit& unit : kUnits) {
    if (!in.text.starts_with(unit.name)) continue;
    in.text.remove_prefix(unit.name.size());
    int64_t value;
    if (__builtin_mul_overflow(static_cast<int64_t>(*count), unit.size, &value)) return {};
    if (__builtin_add_overflow(value, fraction_of(fraction, unit.size), &value)) return {};
    return value;
  }
  return {};
}

// "1.5", without trailing zeros: `value` in units of `unit`.
std::string decimal(int64_t value, int64_t unit) {
  const size_t width = std::to_string(unit).size() - 1;
  std::string fraction = padded(value % unit, width);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return cat(value / unit, fraction.empty() ? "" : ".", fraction);
}

std::string counted(int64_t count, const char* noun) {
  return cat(count, ' ', noun);
}

}  // namespace

int64_t now_ns() {
  return read_clock(CLOCK_REALTIME);
}

int64_t monotonic_ns() {
  return read_clock(CLOCK_MONOTONIC);
}

std::string rfc3339_nano(int64_t ns) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::nanoseconds> instant{std::chrono::nanoseconds(ns)};
  const auto day = floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const int64_t rest = (instant - day).count();
  std::string fraction = padded(rest % kSecond, 9);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return cat(padded(static_cast<int>(date.year()), 4), '-',
             padded(static_cast<unsigned>(date.month()), 2), '-',
             padded(static_cast<unsigned>(date.day()), 2), 'T', padded(rest / kHour, 2), ':',
             padded(rest / kMinute % 60, 2), ':', padded(rest / kSecond % 60, 2),
             fraction.empty() ? "" : ".", fraction, 'Z');
}

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  Scanner in{text};
  Civil time;
  int64_t east;
  if (!scan_date(in, time) || !(in.take('T') || in.take('t')) || !scan_time(in, false, time) ||
      !scan_zone(in, east) || !in.text.empty()) {
    return {};
  }
  return utc(time, east);
}

std::string human_duration(int64_t ns) {
  const int64_t seconds = ns / kSecond;
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return counted(seconds, "seconds");
  const int64_t minutes = ns / kMinute;
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return counted(minutes, "minutes");
  const int64_t hours = ns / kHour + (ns % kHour >= kHour / 2 ? 1 : 0);
  if (hours == 1) return "About an hour";
  if (hours < 48) return counted(hours, "hours");
  if (hours < 24 * 7 * 2) return counted(hours / 24, "days");
  if (hours < 24 * 30 * 2) return counted(hours / 24 / 7, "weeks");
  if (hours < 24 * 365 * 2) return counted(hours / 24 / 30, "months");
  return counted(ns / kHour / 24 / 365, "years");
}

std::optional<int64_t> parse_go_duration(std::string_view text) {
  Scanner in{text};
  const bool negative = in.text.starts_with('-');
  if (!in.take('-')) in.take('+');
  if (in.text == "0") return 0;
  if (in.text.empty()) return {};
  int64_t total = 0;
  while (!in.text.empty()) {
    const auto part = scan_duration_part(in);
    if (!part || __builtin_add_overflow(total, *part, &total)) return {};
  }
  return negative ? -total : total;
}

std::string go_duration(int64_t ns) {
  if (ns == 0) return "0s";
  if (ns == INT64_MIN) return "-2562047h47m16.854775808s";  // has no positive counterpart
  if (ns < 0) return cat('-', go_duration(-ns));
  if (ns < kMicrosecond) return cat(ns, "ns");
  if (ns < kMillisecond) return cat(decimal(ns, kMicrosecond), "\u00b5s");
  if (ns < kSecond) return cat(decimal(ns, kMillisecond), "ms");
  const int64_t hours = ns / kHour, minutes = ns / kMinute % 60;
  std::string out;
  if (hours > 0) out += cat(hours, 'h');
  if (ns >= kMinute) out += cat(minutes, 'm');
  return cat(out, decimal(ns % kMinute, kSecond), 's');
}

std::optional<int64_t> parse_since(std::string_view text, int64_t now) {
  if (const auto seconds = parse_unix_time(text)) return seconds;
  if (const auto date = parse_date(text)) return date;
  const auto ago = parse_go_duration(text);
  int64_t instant;
  if (!ago || __builtin_sub_overflow(now, *ago, &instant)) return {};
  return instant;
}

int64_t source_date_epoch() {
  const char* text = getenv("SOURCE_DATE_EPOCH");
  if (!text || !*text) return 0;
  const auto seconds = parse_number(text, INT64_MAX / kSecond);
  if (!seconds) {
    throw Error(cat("SOURCE_DATE_EPOCH ", quoted(text), ": not a number of seconds"),
                "set it to whole seconds since 1970, such as `git log -1 --format=%ct`",
                ErrorKind::usage);
  }
  return static_cast<int64_t>(*seconds);
}

}  // namespace mini
