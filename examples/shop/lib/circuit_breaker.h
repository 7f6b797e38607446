// A circuit breaker as Resilience4j defines CLOSED, OPEN and HALF_OPEN over a count-based window. A caller asks try_acquire(), makes the call, and
// then reports on_result() exactly once for each call that was let through. Results of calls begun in an
// earlier state are ignored. Times are steady-clock nanoseconds that the caller passes in, so that a test needs no sleep.
// Thread-safe. Makes no calls, starts no thread: open turns into half-open when a call is asked for after the wait.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>

namespace shop {

enum class BreakerState { closed, open, half_open };

struct BreakerSettings {
  int window = 100;
  int minimum_calls = 100;
  double failure_rate = 50;  // percent; at or above opens
  std::chrono::nanoseconds wait_open = std::chrono::seconds(60);
  int half_open_calls = 10;
  std::chrono::nanoseconds slow_call = std::chrono::seconds(60);
  double slow_rate = 100;
};

class CircuitBreaker {
 public:
  using Time = std::chrono::nanoseconds;
  explicit CircuitBreaker(BreakerSettings settings);

  // A number to hand back to on_result, or 0: not permitted.
  uint64_t try_acquire(Time now);
  void on_result(uint64_t permit, bool ok, Time took, Time now);

  BreakerState state() const;
  double failure_rate() const;  // -1 below the minimum of calls
  uint64_t refused() const;

 private:
  struct Call { bool failed, slow; };
  double rate(bool Call::* kind) const;
  int minimum() const;
  void enter(BreakerState state, Time now);

  mutable std::mutex mutex_;
  const BreakerSettings settings_;
  BreakerState state_ = BreakerState::closed;
  std::deque<Call> calls_;
  Time opened_{};
  int permitted_ = 0;
  uint64_t epoch_ = 1, refused_ = 0;
};

}  // namespace shop
