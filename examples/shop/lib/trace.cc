#include "lib/trace.h"

#include <algorithm>
#include <random>

namespace shop {
namespace {

thread_local ScopedSpan* current_span = nullptr;

// An id must be unlike others, not secret.
uint64_t next_random() {
  thread_local std::mt19937_64 numbers([] {
    std::random_device seed;
    return uint64_t{seed()} << 32 | seed();
  }());
  return numbers();
}

bool is_sampled(Sampling s) { return s == Sampling::yes || s == Sampling::debug; }

}  // namespace

Tracer::Tracer(double probability, SpanSink sink) : probability_(probability), sink_(std::move(sink)) {}

bool Tracer::sample() const {
  return static_cast<double>(next_random() >> 11) * 0x1p-53 < probability_;
}

ScopedSpan::ScopedSpan(const Tracer& tracer, SpanKind kind, std::string name, const B3& from) : tracer_(&tracer) {
  span_.context = from;
  B3& context = span_.context;
  if (context.sampling == Sampling::undecided) {
    context.sampling = tracer.sample() ? Sampling::yes : Sampling::no;
  }
  if (from.trace_id.empty()) {
    context.trace_id = random_id(16);
    context.span_id = context.trace_id;
  } else if (kind == SpanKind::server) {
    span_.shared = true;
  } else {
    context.parent_id = from.span_id;
    context.span_id = random_id(16);
  }
  begin(kind, std::move(name));
}

ScopedSpan::ScopedSpan(SpanKind kind, std::string name, std::string remote) {
  ScopedSpan* parent = current_span;
  if (!parent) return;
  tracer_ = parent->tracer_;
  span_.context = parent->span_.context;
  span_.context.parent_id = span_.context.span_id;
  span_.context.span_id = random_id(16);
  span_.remote = std::move(remote);
  begin(kind, std::move(name));
}

void ScopedSpan::begin(SpanKind kind, std::string name) {
  span_.kind = kind;
  span_.name = std::move(name);
  sampled_ = is_sampled(span_.context.sampling);
  outer_ = current_span;
  current_span = this;
  if (!sampled_) return;
  span_.timestamp = now_micros();
  began_ = std::chrono::steady_clock::now();
}

ScopedSpan::~ScopedSpan() {
  if (!tracer_) return;
  current_span = outer_;
  if (!sampled_) return;
  auto took = std::chrono::steady_clock::now() - began_;
  span_.duration = std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  tracer_->finish(std::move(span_));
}

void ScopedSpan::tag(std::string key, std::string value) {
  if (sampled_) span_.tags.emplace_back(std::move(key), std::move(value));
}

ScopedSpan* ScopedSpan::current() { return current_span; }

B3 b3_of(const Headers& headers) {
  return read_b3([&](const char* name) -> std::optional<std::string> {
    const std::string* value = headers.find(name);
    return value ? std::optional(*value) : std::nullopt;
  });
}

void add_b3(Headers& headers, const B3& context) {
  for (auto& [name, value] : write_b3(context)) headers.add(name, value);
}

std::string b3_text(const B3& context) {
  const char* decision = context.sampling == Sampling::debug ? "-d" : context.sampling == Sampling::no ? "-0" : "-1";
  return context.trace_id + "-" + context.span_id + decision;
}

B3 b3_from_text(const std::string& text) {
  return read_b3([&](const char* name) -> std::optional<std::string> {
    return std::string_view(name) == "b3" ? std::optional(text) : std::nullopt;
  });
}

std::string random_id(int digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id(static_cast<size_t>(digits), '0');
  for (size_t at = 0; at < id.size(); at += 16) {
    uint64_t value = next_random() | 1;
    for (size_t i = at; i < std::min(id.size(), at + 16); ++i, value >>= 4) id[i] = kHex[value & 15];
  }
  return id;
}

int64_t now_micros() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace shop
