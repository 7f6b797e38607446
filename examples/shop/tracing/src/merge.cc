#include "src/merge.h"

#include <algorithm>
#include <tuple>

namespace tracing {
namespace {

// Zipkin's order: an endpoint that is unknown comes first, a field of it that is unknown comes last.
auto endpoint_rank(const Endpoint& e) {
  return std::make_tuple(!e.empty(), e.service.empty(), std::string_view(e.service), e.ipv4.empty(),
                         std::string_view(e.ipv4), e.ipv6.empty(), std::string_view(e.ipv6));
}

// Client first, the shared side last.
int side_rank(const Span& span) {
  if (span.shared) return 2;
  return span.kind == Kind::client ? 0 : 1;
}

bool before(const Span& a, const Span& b) {
  if (a.id != b.id) return a.id < b.id;
  if (side_rank(a) != side_rank(b)) return side_rank(a) < side_rank(b);
  return endpoint_rank(a.local) < endpoint_rank(b.local);
}

bool compatible(const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; }

// Whether both can be the same host, each of them perhaps known in part.
bool same_host(const Endpoint& a, const Endpoint& b) {
  return compatible(a.service, b.service) && compatible(a.ipv4, b.ipv4) && compatible(a.ipv6, b.ipv6) &&
         (a.port == 0 || b.port == 0 || a.port == b.port);
}

void fill(std::string& field, const std::string& from) {
  if (field.empty()) field = from;
}

void fill(Endpoint& endpoint, const Endpoint& from) {
  fill(endpoint.service, from.service);
  fill(endpoint.ipv4, from.ipv4);
  fill(endpoint.ipv6, from.ipv6);
  if (endpoint.port == 0) endpoint.port = from.port;
}

// Another piece of the same span: what is missing is filled in, annotations and tags add up.
void add_piece(Span& span, const Span& piece) {
  fill(span.parent_id, piece.parent_id);
  fill(span.name, piece.name);
  if (span.kind == Kind::none) span.kind = piece.kind;
  if (span.timestamp == 0) span.timestamp = piece.timestamp;
  if (span.duration == 0) span.duration = piece.duration;
  fill(span.local, piece.local);
  fill(span.remote, piece.remote);
  span.annotations.insert(span.annotations.end(), piece.annotations.begin(), piece.annotations.end());
  for (const auto& [key, value] : piece.tags) span.tags[key] = value;
  span.debug |= piece.debug;
  span.shared |= piece.shared;
}

// `first` is the first piece of `span`: Zipkin judges by what it said, not by what the others added.
void mend_shared_side(const Span& client, const Span& first, Span& span) {
  if (client.id != span.id) return;
  bool shared = first.shared;
  if (client.kind == Kind::client && first.kind == Kind::server) shared = span.shared = true;
  if (shared && first.parent_id.empty() && !client.parent_id.empty()) span.parent_id = client.parent_id;
}

}  // namespace

Trace merged(Trace spans) {
  if (spans.size() <= 1) return spans;
  std::stable_sort(spans.begin(), spans.end(), before);
  auto longest = std::max_element(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.trace_id.size() < b.trace_id.size();
  });
  const std::string trace_id = longest->trace_id;

  Trace result;
  for (size_t i = 0; i < spans.size();) {
    const Span& first = spans[i];
    Span span = first;
    Endpoint host = first.local;
    for (++i; i < spans.size(); ++i) {
      const Span& next = spans[i];
      if (next.id != first.id || next.shared != first.shared || !same_host(host, next.local)) break;
      fill(host, next.local);
      add_piece(span, next);
    }
    span.trace_id = trace_id;
    if (!result.empty()) mend_shared_side(result.back(), first, span);
    normalize(span);
    result.push_back(std::move(span));
  }
  return result;
}

}  // namespace tracing
