// Spans as Zipkin v2 has them, and the tracer that makes them. A ScopedSpan is begun where the work begins and finished by its destructor; it is the
// parent of what is begun on the same thread in the meantime, so that a database query needs no handle to find its place in the trace.
// The sampling decision is made once, at the root, by the tracer's probability; what is not sampled costs no more than its ids.
// Finished spans go to the sink on the thread that finished them: the sink must not block.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lib/b3.h"
#include "lib/http_message.h"

namespace shop {

enum class SpanKind { local, server, client, producer, consumer };

struct Span {
  B3 context;
  SpanKind kind = SpanKind::local;
  bool shared = false;  // the server's half of a span that the client began
  std::string name, remote;
  int64_t timestamp = 0, duration = 0;  // microseconds; since 1970
  std::vector<std::pair<std::string, std::string>> tags;
};

using SpanSink = std::function<void(Span&&)>;

class Tracer {
 public:
  Tracer(double probability, SpanSink sink);
  bool sample() const;
  void finish(Span&& span) const { sink_(std::move(span)); }

 private:
  double probability_;
  SpanSink sink_;
};

class ScopedSpan {
 public:
  // Of a request or an event: continues what the caller sent, else begins a trace. A server shares its caller's span, a consumer is its child.
  ScopedSpan(const Tracer& tracer, SpanKind kind, std::string name, const B3& from);
  // A child of the thread's current span; nothing happens where there is none.
  ScopedSpan(SpanKind kind, std::string name, std::string remote = "");
  ScopedSpan(const ScopedSpan&) = delete;
  ScopedSpan& operator=(const ScopedSpan&) = delete;
  ~ScopedSpan();

  void tag(std::string key, std::string value);
  void set_remote(std::string service) { span_.remote = std::move(service); }
  const B3& context() const { return span_.context; }
  bool sampled() const { return sampled_; }
  static ScopedSpan* current();

 private:
  void begin(SpanKind kind, std::string name);

  const Tracer* tracer_ = nullptr;
  ScopedSpan* outer_ = nullptr;
  bool sampled_ = false;
  Span span_;
  std::chrono::steady_clock::time_point began_;
};

B3 b3_of(const Headers& headers);
void add_b3(Headers& headers, const B3& context);
std::string b3_text(const B3& context);  // the single form, as an event carries it
B3 b3_from_text(const std::string& text);
std::string random_id(int digits);  // lower-case hex, never all zero
int64_t now_micros();               // since 1970

}  // namespace shop
