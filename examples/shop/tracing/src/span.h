// A span as Zipkin's v2 API has it (https://zipkin.io/zipkin-api/): one host's view of one operation.
//
// parse_spans() reads a JSON list with Zipkin's leniency (short ids are padded, numbers may be strings, unknown fields
// are skipped) and throws BadInput, which names what is wrong, for what Zipkin refuses as well. A parsed span is
// normal: ids are lower-hex of 16 or 32 digits, names are lower case, annotations are sorted, empty fields are absent.
// to_json() writes it in Zipkin's field order, so equal spans are equal texts. Times are microseconds; 0 is absent.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tracing {

// What the client sent is wrong: answered with 400 and this text.
struct BadInput : std::runtime_error {
  using runtime_error::runtime_error;
};

struct Endpoint {
  std::string service, ipv4, ipv6;
  int port = 0;

  bool operator==(const Endpoint&) const = default;
  bool empty() const { return *this == Endpoint{}; }
};

struct Annotation {
  int64_t timestamp = 0;
  std::string value;

  auto operator<=>(const Annotation&) const = default;
};

enum class Kind { none, client, server, producer, consumer };

struct Span {
  std::string trace_id, parent_id, id, name;
  Kind kind = Kind::none;
  int64_t timestamp = 0, duration = 0;
  Endpoint local, remote;
  std::vector<Annotation> annotations;
  std::map<std::string, std::string> tags;
  bool debug = false, shared = false;

  bool operator==(const Span&) const = default;
};

using Trace = std::vector<Span>;

// The longest a span may be, written as JSON.
constexpr size_t kMaxSpanBytes = 256 * 1024;

std::vector<Span> parse_spans(std::string_view json_list);
// One span that to_json() wrote.
Span parse_span(std::string_view json_object);
std::string to_json(const Span& span);

// 16 or 32 lower-hex digits, padded; 32 whose upper half is zero become 16. Throws BadInput.
std::string normal_trace_id(std::string_view id);
// The right 16 digits: what systems that cut ids to 64 bits keep.
std::string_view low_trace_id(std::string_view normal_id);
std::string lower(std::string_view text);

// Puts a span into its normal form after fields were changed.
void normalize(Span& span);

}  // namespace tracing
