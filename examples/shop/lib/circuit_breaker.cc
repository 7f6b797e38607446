#include "lib/circuit_breaker.h"

#include <algorithm>

namespace shop {

CircuitBreaker::CircuitBreaker(BreakerSettings settings) : settings_(settings) {}

uint64_t CircuitBreaker::try_acquire(Time now) {
  std::lock_guard lock(mutex_);
  if (state_ == BreakerState::open && now - opened_ >= settings_.wait_open) {
    enter(BreakerState::half_open, now);
  }
  bool full = state_ == BreakerState::half_open && permitted_ >= settings_.half_open_calls;
  if (state_ == BreakerState::open || full) {
    ++refused_;
    return 0;
  }
  ++permitted_;
  return epoch_;
}

void CircuitBreaker::on_result(uint64_t permit, bool ok, Time took, Time now) {
  std::lock_guard lock(mutex_);
  if (permit != epoch_ || state_ == BreakerState::open) return;
  calls_.push_back({!ok, took >= settings_.slow_call});
  bool half = state_ == BreakerState::half_open;
  int window = half ? settings_.half_open_calls : settings_.window;
  if (static_cast<int>(calls_.size()) > window) calls_.pop_front();
  double failures = rate(&Call::failed), slow = rate(&Call::slow);
  if (failures < 0) return;
  if (failures >= settings_.failure_rate || slow >= settings_.slow_rate) {
    enter(BreakerState::open, now);
  } else if (half) {
    enter(BreakerState::closed, now);
  }
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

int CircuitBreaker::minimum() const {
  if (state_ == BreakerState::half_open) return std::min(settings_.minimum_calls, settings_.half_open_calls);
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

}  // namespace shop
