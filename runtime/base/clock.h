// Times as text. Instants are nanoseconds since the Unix epoch; durations are nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mini {

int64_t now_ns();        // wall clock
int64_t monotonic_ns();  // never goes back

// As Go's RFC3339Nano, in UTC: 2026-11-23T02:48:47.123456789Z, without trailing zeros or an empty
// fraction.
std::string rfc3339_nano(int64_t ns);
// Nothing for what is no time, and for one that int64_t does not hold (before 1678, after 2262),
// such as kZeroTime.
std::optional<int64_t> parse_rfc3339(std::string_view text);
constexpr const char* kZeroTime = "0001-01-01T00:00:00Z";  // Docker's "never"

// Docker's units.HumanDuration: "Less than a second", "42 seconds", "About a minute", "3 weeks".
std::string human_duration(int64_t ns);
// Go's time.ParseDuration: "1h30m", "500ms", "1.5s"; strict.
std::optional<int64_t> parse_go_duration(std::string_view text);
std::string go_duration(int64_t ns);  // 1h30m0s

// What `--since`, `--until` and `until=` take: RFC 3339, a date, a Unix time (with fraction), or a
// Go duration meaning that long before `now`.
std::optional<int64_t> parse_since(std::string_view text, int64_t now);

// SOURCE_DATE_EPOCH in seconds, 0 when unset; throws Error when it is not a number.
int64_t source_date_epoch();

}  // namespace mini
