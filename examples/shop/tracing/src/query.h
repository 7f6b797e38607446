// The search of GET /api/v2/traces: what the parameters mean, and whether a trace is meant by them. Rules and defaults
// are Zipkin's: names in lower case, `serviceName` constrains all other conditions to that service's spans,
// `annotationQuery` is "key and key=value and ...", durations are microseconds, endTs and lookback milliseconds.
// Throws BadInput for values that Zipkin refuses. Pure but for the clock, which the caller reads.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "src/span.h"

namespace tracing {

// The value of a parameter, if it was given.
using Parameters = std::function<std::optional<std::string>(const char* name)>;

constexpr int64_t kDefaultLookback = 86'400'000;

struct Window {
  int64_t end_ms = 0, lookback_ms = kDefaultLookback;

  int64_t begin_ms() const { return end_ms - lookback_ms; }
};

struct Query {
  std::string service, remote_service, span_name;
  std::map<std::string, std::string> annotations;  // an empty value: the key alone, as tag or annotation
  std::optional<int64_t> min_duration, max_duration;
  Window window;
  int limit = 10;

  bool matches(const Trace& trace) const;
};

Query read_query(const Parameters& parameters, int64_t now_ms);
// `endTs` (required when `now_ms` is absent) and `lookback`.
Window read_window(const Parameters& parameters, std::optional<int64_t> now_ms);
std::string required(const Parameters& parameters, const char* name);

}  // namespace tracing
