#include "lib/circuit_breaker.h"

#include <gtest/gtest.h>

#include <string>

namespace shop {
namespace {

using namespace std::chrono_literals;

// Plays a sequence: + a good call, - a failed one, s a slow one, w the wait in open has passed, x a call that must be refused.
// Window 4, minimum 4, half-open 2.
BreakerState play(const std::string& steps) {
  CircuitBreaker breaker({4, 4, 50, 10s, 2, 1s, 100});
  std::chrono::nanoseconds now = 1s;
  for (char step : steps) {
    if (step == 'w') { now += 10s; continue; }
    uint64_t permit = breaker.try_acquire(now);
    EXPECT_EQ(permit == 0, step == 'x') << steps;
    if (permit != 0) breaker.on_result(permit, step != '-', step == 's' ? 1s : 1ms, now);
  }
  return breaker.state();
}

TEST(CircuitBreaker, Sequences) {
  struct Case { const char* steps; BreakerState end; };
  for (const Case& c : std::vector<Case>{{"---", BreakerState::closed},
                                         {"++--", BreakerState::open},
                                         {"+++-+", BreakerState::closed},
                                         {"+++--", BreakerState::open},
                                         {"ssss", BreakerState::open},
                                         {"sss+", BreakerState::closed},
                                         {"----x", BreakerState::open},
                                         {"----w+", BreakerState::half_open},
                                         {"----w++", BreakerState::closed},
                                         {"----w+-x", BreakerState::open},
                                         {"----w++---", BreakerState::closed}}) {
    EXPECT_EQ(play(c.steps), c.end) << c.steps;
  }
}

TEST(CircuitBreaker, HalfOpenLetsOnlyItsNumberThroughAndOldResultsDoNotCount) {
  CircuitBreaker breaker({2, 2, 50, 10s, 2, 1s, 100});
  uint64_t late = breaker.try_acquire(0s);
  for (int i = 0; i < 2; ++i) breaker.on_result(breaker.try_acquire(0s), false, 1ms, 0s);
  ASSERT_EQ(breaker.state(), BreakerState::open);
  uint64_t first = breaker.try_acquire(10s), second = breaker.try_acquire(10s);
  EXPECT_NE(first, 0u);
  EXPECT_NE(second, 0u);
  EXPECT_EQ(breaker.try_acquire(10s), 0u);
  EXPECT_EQ(breaker.refused(), 1u);
  breaker.on_result(late, false, 1ms, 10s);
  breaker.on_result(first, true, 1ms, 10s);
  EXPECT_EQ(breaker.failure_rate(), -1);
  breaker.on_result(second, true, 1ms, 10s);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

}  // namespace
}  // namespace shop
