#include "lib/b3.h"

#include <algorithm>
#include <string_view>

namespace shop {
namespace {

bool is_id(std::string_view text, bool may_be_long) {
  if (text.size() != 16 && !(may_be_long && text.size() == 32)) return false;
  bool hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return hex && text.find_first_not_of('0') != std::string_view::npos;
}

Sampling decision(std::string_view text) {
  if (text == "1" || text == "true") return Sampling::yes;
  if (text == "0" || text == "false") return Sampling::no;
  if (text == "d") return Sampling::debug;
  return Sampling::undecided;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t at = 0;;) {
    size_t end = text.find('-', at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

std::optional<B3> read_single(std::string_view text) {
  auto parts = split(text);
  B3 result;
  if (parts.size() == 1) {
    result.sampling = decision(parts[0]);
    if (result.sampling == Sampling::undecided) return std::nullopt;
    return result;
  }
  if (parts.size() > 4 || !is_id(parts[0], true) || !is_id(parts[1], false)) return std::nullopt;
  result.trace_id = parts[0];
  result.span_id = parts[1];
  if (parts.size() > 2) {
    result.sampling = decision(parts[2]);
    if (result.sampling == Sampling::undecided) return std::nullopt;
  }
  if (parts.size() == 4) {
    if (!is_id(parts[3], false)) return std::nullopt;
    result.parent_id = parts[3];
  }
  return result;
}

}  // namespace

B3 read_b3(const HeaderSource& header) {
  if (auto single = header("b3")) {
    if (auto result = read_single(*single)) return *result;
  }
  B3 result;
  std::string trace = header("X-B3-TraceId").value_or("");
  std::string span = header("X-B3-SpanId").value_or("");
  if (is_id(trace, true) && is_id(span, false)) {
    result.trace_id = trace;
    result.span_id = span;
    std::string parent = header("X-B3-ParentSpanId").value_or("");
    if (is_id(parent, false)) result.parent_id = parent;
  }
  result.sampling = decision(header("X-B3-Sampled").value_or(""));
  if (result.sampling == Sampling::debug) result.sampling = Sampling::undecided;
  if (header("X-B3-Flags").value_or("") == "1") result.sampling = Sampling::debug;
  return result;
}

std::vector<std::pair<std::string, std::string>> write_b3(const B3& context) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!context.trace_id.empty()) {
    headers.emplace_back("X-B3-TraceId", context.trace_id);
    headers.emplace_back("X-B3-SpanId", context.span_id);
    if (!context.parent_id.empty()) headers.emplace_back("X-B3-ParentSpanId", context.parent_id);
  }
  if (context.sampling == Sampling::debug) headers.emplace_back("X-B3-Flags", "1");
  if (context.sampling == Sampling::yes) headers.emplace_back("X-B3-Sampled", "1");
  if (context.sampling == Sampling::no) headers.emplace_back("X-B3-Sampled", "0");
  return headers;
}

}  // namespace shop
