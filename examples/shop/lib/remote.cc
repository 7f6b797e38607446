#include "lib/remote.h"

#include <cstdio>

#include "lib/text.h"

namespace shop {
namespace {

void tell(const std::string& name, BreakerState from, BreakerState to) {
  std::string change = std::string(name_of(from)) + " -> " + name_of(to);
  std::fprintf(stderr, "CircuitBreaker '%s' changed state: %s\n", name.c_str(), change.c_str());
  if (ScopedSpan* span = ScopedSpan::current()) span->tag("circuitbreaker.state", change);
}

}  // namespace

Remote::Remote(std::string service, const std::string& url, std::chrono::milliseconds limit,
               std::optional<BreakerSettings> breaker)
    : service_(std::move(service)), client_(parse_url(url)), limit_(limit) {
  if (!breaker) return;
  breaker_ = std::make_unique<CircuitBreaker>(
      *breaker, service_, [name = service_](BreakerState from, BreakerState to) { tell(name, from, to); });
}

Remote::Answer Remote::call(Request request) {
  if (!breaker_) {
    ScopedSpan span(SpanKind::client, lower(request.method), service_);
    return exchange(request);
  }
  auto began = Clock::now();
  uint64_t permit = breaker_->try_acquire(began.time_since_epoch());
  if (permit == 0) {
    Answer refused;
    refused.why = breaker_->refusal();
    if (ScopedSpan* span = ScopedSpan::current()) span->tag("circuitbreaker.refused", refused.why);
    return refused;
  }
  ScopedSpan span(SpanKind::client, lower(request.method), service_);
  Answer answer = exchange(request);
  auto ended = Clock::now();
  breaker_->on_result(permit, answer.ok, ended - began, ended.time_since_epoch());
  return answer;
}

Remote::Answer Remote::exchange(Request& request) {
  Answer answer;
  answer.response.status = 0;
  ScopedSpan* span = ScopedSpan::current();
  if (span) {
    span->tag("http.method", request.method);
    span->tag("http.path", std::string(request.path()));
    add_b3(request.headers, span->context());
  }
  request.target = client_.url().path + request.target;
  try {
    answer.response = client_.send(request, Clock::now() + limit_);
    answer.ok = answer.response.status < 500;
    if (!answer.ok) answer.why = service_ + " answered " + std::to_string(answer.response.status);
  } catch (const CallError& error) {
    answer.why = error.what();
    answer.timed_out = error.timed_out;
  }
  if (span && answer.response.status != 0) span->tag("http.status_code", std::to_string(answer.response.status));
  if (span && !answer.ok) span->tag("error", answer.why);
  return answer;
}

}  // namespace shop
