#include "lib/circuit_breaker.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "lib/environment.h"

namespace shop {
namespace {

constexpr std::pair<BreakerState, const char*> kNames[] = {
    {BreakerState::closed, "CLOSED"},     {BreakerState::open, "OPEN"},
    {BreakerState::half_open, "HALF_OPEN"}, {BreakerState::disabled, "DISABLED"},
    {BreakerState::forced_open, "FORCED_OPEN"}, {BreakerState::metrics_only, "METRICS_ONLY"}};

BreakerState start_state(const std::string& text) {
  for (auto [state, name] : kNames) {
    bool moves = state == BreakerState::open || state == BreakerState::half_open;
    if (text == name && !moves) return state;
  }
  throw std::invalid_argument("CB_STATE: \"" + text +
                              "\" is none of CLOSED, DISABLED, FORCED_OPEN, METRICS_ONLY");
}

std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", value);
  return text;
}

}  // namespace

const char* name_of(BreakerState state) {
  for (auto [each, name] : kNames) {
    if (each == state) return name;
  }
  return "";
}

BreakerSettings breaker_settings_from_environment() {
  using std::chrono::milliseconds;
  BreakerSettings s;
  s.window = static_cast<int>(env_number("CB_WINDOW", s.window, 1, 100000));
  s.minimum_calls = static_cast<int>(env_number("CB_MINIMUM_CALLS", s.minimum_calls, 1, 100000));
  s.failure_rate = static_cast<double>(env_number("CB_FAILURE_RATE", 50, 1, 100));
  s.wait_open = milliseconds(env_number("CB_WAIT_OPEN_MS", 60000, 1, 86400000));
  s.half_open_calls = static_cast<int>(env_number("CB_HALF_OPEN_CALLS", 10, 1, 100000));
  s.slow_call = milliseconds(env_number("CB_SLOW_CALL_MS", 60000, 1, 86400000));
  s.slow_rate = static_cast<double>(env_number("CB_SLOW_RATE", 100, 1, 100));
  s.start = start_state(env_text("CB_STATE", "CLOSED"));
  return s;
}

CircuitBreaker::CircuitBreaker(BreakerSettings settings, std::string name, OnChange on_change)
    : settings_(settings), name_(std::move(name)), on_change_(std::move(on_change)),
      state_(settings.start) {}

uint64_t CircuitBreaker::try_acquire(Time now) {
  std::unique_lock lock(mutex_);
  BreakerState before = state_;
  bool permitted = acquire_locked(now);
  BreakerState after = state_;
  uint64_t permit = permitted ? epoch_ : 0;
  lock.unlock();
  tell(before, after);
  return permit;
}

void CircuitBreaker::on_result(uint64_t permit, bool ok, Time took, Time now) {
  std::unique_lock lock(mutex_);
  BreakerState before = state_;
  if (permit == epoch_) result_locked(ok, took, now);
  BreakerState after = state_;
  lock.unlock();
  tell(before, after);
}

bool CircuitBreaker::acquire_locked(Time now) {
  if (state_ == BreakerState::open && now - opened_ >= settings_.wait_open) {
    enter(BreakerState::half_open, now);
  }
  bool full = state_ == BreakerState::half_open && permitted_ >= settings_.half_open_calls;
  if (state_ == BreakerState::open || state_ == BreakerState::forced_open || full) {
    ++refused_;
    return false;
  }
  ++permitted_;
  return true;
}

void CircuitBreaker::result_locked(bool ok, Time took, Time now) {
  if (state_ == BreakerState::open || state_ == BreakerState::disabled) return;
  calls_.push_back({!ok, took >= settings_.slow_call});
  bool half = state_ == BreakerState::half_open;
  int window = half ? settings_.half_open_calls : settings_.window;
  if (static_cast<int>(calls_.size()) > window) calls_.pop_front();
  double failures = rate(&Call::failed), slow = rate(&Call::slow);
  if (failures < 0 || state_ == BreakerState::metrics_only) return;
  if (failures >= settings_.failure_rate || slow >= settings_.slow_rate) {
    enter(BreakerState::open, now);
  } else if (half) {
    enter(BreakerState::closed, now);
  }
}

std::string CircuitBreaker::refusal() const {
  return "CircuitBreaker '" + name_ + "' is " + name_of(state()) +
         " and does not permit further calls";
}

BreakerState CircuitBreaker::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

double CircuitBreaker::failure_rate() const {
  std::lock_guard lock(mutex_);
  return rate(&Call::failed);
}

uint64_t CircuitBreaker::refused() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

nlohmann::json CircuitBreaker::to_json() const {
  std::lock_guard lock(mutex_);
  auto count = [&](auto test) { return std::count_if(calls_.begin(), calls_.end(), test); };
  return {{"state", name_of(state_)},
          {"failureRate", percent(rate(&Call::failed))},
          {"slowCallRate", percent(rate(&Call::slow))},
          {"failureRateThreshold", percent(settings_.failure_rate)},
          {"slowCallRateThreshold", percent(settings_.slow_rate)},
          {"bufferedCalls", calls_.size()},
          {"failedCalls", count([](const Call& c) { return c.failed; })},
          {"slowCalls", count([](const Call& c) { return c.slow; })},
          {"slowFailedCalls", count([](const Call& c) { return c.failed && c.slow; })},
          {"notPermittedCalls", refused_}};
}

int CircuitBreaker::minimum() const {
  if (state_ == BreakerState::half_open) {
    return std::min(settings_.minimum_calls, settings_.half_open_calls);
  }
  return std::min(settings_.minimum_calls, settings_.window);
}

double CircuitBreaker::rate(bool Call::* kind) const {
  if (calls_.empty() || static_cast<int>(calls_.size()) < minimum()) return -1;
  auto hits = std::count_if(calls_.begin(), calls_.end(), [&](const Call& c) { return c.*kind; });
  return 100.0 * static_cast<double>(hits) / static_cast<double>(calls_.size());
}

void CircuitBreaker::enter(BreakerState state, Time now) {
  state_ = state;
  if (state == BreakerState::open) opened_ = now;
  calls_.clear();
  permitted_ = 0;
  ++epoch_;
}

void CircuitBreaker::tell(BreakerState before, BreakerState after) const {
  if (before != after && on_change_) on_change_(before, after);
}

}  // namespace shop
