#include "src/query.h"

#include <algorithm>
#include <charconv>

namespace tracing {
namespace {

std::optional<int64_t> number(const Parameters& parameters, const char* name, int64_t largest = INT64_MAX) {
  auto text = parameters(name);
  if (!text) return std::nullopt;
  int64_t value = 0;
  const char* end = text->data() + text->size();
  auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end || value > largest) {
    throw BadInput(std::string(name) + ": not a whole number in range");
  }
  return value;
}

std::optional<int64_t> positive(const Parameters& parameters, const char* name, int64_t largest = INT64_MAX) {
  auto value = number(parameters, name, largest);
  if (value && *value <= 0) throw BadInput(std::string(name) + ": must be above 0");
  return value;
}

std::string trimmed(const std::string& text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::map<std::string, std::string> read_annotations(const std::string& text) {
  constexpr std::string_view kAnd = " and ";
  std::map<std::string, std::string> result;
  for (size_t start = 0; !text.empty();) {
    size_t end = text.find(kAnd, start);
    std::string term = text.substr(start, end == std::string::npos ? end : end - start);
    size_t equals = term.find('=');
    if (equals == std::string::npos) {
      result.try_emplace(trimmed(term), "");  // never weakens a key=value
    } else {
      result[trimmed(term.substr(0, equals))] = trimmed(term.substr(equals + 1));
    }
    if (end == std::string::npos) break;
    start = end + kAnd.size();
  }
  return result;
}

// The root's time, else the earliest.
int64_t start_of(const Trace& trace) {
  int64_t start = 0;
  for (const Span& span : trace) {
    if (span.timestamp == 0) continue;
    if (span.parent_id.empty()) return span.timestamp;
    if (start == 0 || span.timestamp < start) start = span.timestamp;
  }
  return start;
}

// Takes away the conditions that this span meets.
void strike(std::map<std::string, std::string>& conditions, const Span& span) {
  for (const Annotation& item : span.annotations) {
    auto found = conditions.find(item.value);
    if (found != conditions.end() && found->second.empty()) conditions.erase(found);
  }
  for (const auto& [key, value] : span.tags) {
    auto found = conditions.find(key);
    if (found != conditions.end() && (found->second.empty() || found->second == value)) conditions.erase(found);
  }
}

// Milliseconds as microseconds; a time so far off that it cannot be told stays the last that can.
int64_t micros(int64_t ms) { return std::clamp<int64_t>(ms, INT64_MIN / 1000, INT64_MAX / 1000) * 1000; }

}  // namespace

bool Query::matches(const Trace& trace) const {
  int64_t start = start_of(trace);
  if (start == 0 || start < micros(window.begin_ms()) || start > micros(window.end_ms)) return false;

  auto wanted = annotations;
  bool service_seen = false, remote_seen = remote_service.empty(), name_seen = span_name.empty();
  bool duration_seen = !min_duration;
  for (const Span& span : trace) {
    if (!service.empty() && span.local.service != service) continue;
    service_seen = true;
    strike(wanted, span);
    remote_seen |= span.remote.service == remote_service;
    name_seen |= span.name == span_name;
    duration_seen |= span.duration >= min_duration.value_or(0) &&
                     span.duration <= max_duration.value_or(INT64_MAX);
  }
  return service_seen && remote_seen && name_seen && duration_seen && wanted.empty();
}

std::string required(const Parameters& parameters, const char* name) {
  auto value = parameters(name);
  if (!value) throw BadInput("missing parameter: " + std::string(name));
  return *value;
}

Window read_window(const Parameters& parameters, std::optional<int64_t> now_ms) {
  if (!now_ms) required(parameters, "endTs");
  Window window;
  window.end_ms = positive(parameters, "endTs").value_or(now_ms.value_or(0));
  window.lookback_ms = positive(parameters, "lookback").value_or(kDefaultLookback);
  return window;
}

Query read_query(const Parameters& parameters, int64_t now_ms) {
  Query query;
  query.service = lower(parameters("serviceName").value_or(""));
  query.remote_service = lower(parameters("remoteServiceName").value_or(""));
  query.span_name = lower(parameters("spanName").value_or(""));
  if (query.span_name == "all") query.span_name.clear();  // Zipkin's word for any
  query.annotations = read_annotations(parameters("annotationQuery").value_or(""));
  query.window = read_window(parameters, now_ms);
  query.limit = static_cast<int>(positive(parameters, "limit", INT32_MAX).value_or(10));
  query.min_duration = positive(parameters, "minDuration");
  query.max_duration = number(parameters, "maxDuration");
  if (query.max_duration && !query.min_duration) throw BadInput("maxDuration: needs minDuration too");
  if (query.max_duration && *query.max_duration < *query.min_duration) {
    throw BadInput("maxDuration: is below minDuration");
  }
  return query;
}

}  // namespace tracing
