// A circuit breaker with Resilience4j's states, defaults and count-based window. A caller asks try_acquire(), makes the call, and then reports
// on_result() exactly once for each call that was let through. Results of calls begun in an earlier state are ignored. Times are steady-clock
// nanoseconds that the caller passes in, so that a test needs no sleep. DISABLED lets all through and counts nothing, METRICS_ONLY lets all
// through and counts, FORCED_OPEN refuses all; these three are set by settings.start and never left.
// Thread-safe. Makes no calls, starts no thread: open turns into half-open when a call is asked for after the wait. `on_change` is called on the
// thread that caused the change, with no lock held.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace shop {

enum class BreakerState { closed, open, half_open, disabled, forced_open, metrics_only };

const char* name_of(BreakerState state);  // as Resilience4j writes it: "HALF_OPEN"

struct BreakerSettings {
  int window = 100;
  int minimum_calls = 100;
  double failure_rate = 50;  // percent; at or above opens
  std::chrono::nanoseconds wait_open = std::chrono::seconds(60);
  int half_open_calls = 10;
  std::chrono::nanoseconds slow_call = std::chrono::seconds(60);
  double slow_rate = 100;
  BreakerState start = BreakerState::closed;
};

// CB_WINDOW, CB_MINIMUM_CALLS, CB_FAILURE_RATE, CB_WAIT_OPEN_MS, CB_HALF_OPEN_CALLS, CB_SLOW_CALL_MS, CB_SLOW_RATE, CB_STATE; throws
// std::invalid_argument naming the variable whose value makes no sense.
BreakerSettings breaker_settings_from_environment();

class CircuitBreaker {
 public:
  using Time = std::chrono::nanoseconds;
  using OnChange = std::function<void(BreakerState from, BreakerState to)>;
  explicit CircuitBreaker(BreakerSettings settings, std::string name = "", OnChange on_change = {});

  // A number to hand back to on_result, or 0: not permitted.
  uint64_t try_acquire(Time now);
  void on_result(uint64_t permit, bool ok, Time took, Time now);

  const std::string& name() const { return name_; }
  std::string refusal() const;  // "CircuitBreaker 'NAME' is OPEN and does not permit further calls"
  BreakerState state() const;
  double failure_rate() const;  // -1 below the minimum of calls
  uint64_t refused() const;
  nlohmann::json to_json() const;  // one entry of /actuator/circuitbreakers

 private:
  struct Call { bool failed, slow; };
  double rate(bool Call::* kind) const;
  int minimum() const;
  bool acquire_locked(Time now);
  void result_locked(bool ok, Time took, Time now);
  void enter(BreakerState state, Time now);
  void tell(BreakerState before, BreakerState after) const;

  mutable std::mutex mutex_;
  const BreakerSettings settings_;
  const std::string name_;
  const OnChange on_change_;
  BreakerState state_;
  std::deque<Call> calls_;
  Time opened_{};
  int permitted_ = 0;
  uint64_t epoch_ = 1, refused_ = 0;
};

}  // namespace shop
