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

TEST(CircuitBreaker, StatesThatAreSetAndNeverLeft) {
  struct Case { BreakerState start; bool permits; double rate; };
  for (const Case& c : std::vector<Case>{{BreakerState::disabled, true, -1},
                                         {BreakerState::metrics_only, true, 100},
                                         {BreakerState::forced_open, false, -1}}) {
    BreakerSettings settings{2, 2, 50, 10s, 2, 1s, 100};
    settings.start = c.start;
    CircuitBreaker breaker(settings);
    for (int i = 0; i < 5; ++i) {
      uint64_t permit = breaker.try_acquire(i * 100s);
      EXPECT_EQ(permit != 0, c.permits);
      if (permit != 0) breaker.on_result(permit, false, 1ms, i * 100s);
    }
    EXPECT_EQ(breaker.state(), c.start);
    EXPECT_EQ(breaker.failure_rate(), c.rate);
  }
}

TEST(CircuitBreaker, EachChangeIsToldOnce) {
  std::string told;
  CircuitBreaker breaker({1, 1, 50, 10s, 1, 1s, 100}, "order-service", [&](BreakerState from, BreakerState to) {
    told += std::string(name_of(from)) + ">" + name_of(to) + " ";
  });
  breaker.on_result(breaker.try_acquire(0s), false, 1ms, 0s);
  EXPECT_EQ(breaker.refusal(), "CircuitBreaker 'order-service' is OPEN and does not permit further calls");
  breaker.try_acquire(1s);
  breaker.on_result(breaker.try_acquire(10s), true, 1ms, 10s);
  EXPECT_EQ(told, "CLOSED>OPEN OPEN>HALF_OPEN HALF_OPEN>CLOSED ");
}

TEST(CircuitBreaker, SettingsComeFromTheEnvironmentAndNonsenseIsRefused) {
  ::setenv("CB_WINDOW", "10", 1);
  ::setenv("CB_STATE", "METRICS_ONLY", 1);
  EXPECT_EQ(breaker_settings_from_environment().window, 10);
  EXPECT_EQ(breaker_settings_from_environment().start, BreakerState::metrics_only);
  ::setenv("CB_STATE", "HALF_OPEN", 1);
  EXPECT_THROW(breaker_settings_from_environment(), std::invalid_argument);
  ::unsetenv("CB_STATE");
  for (const char* bad : {"0", "-1", "ten", "10x", "99999999999999999999"}) {
    ::setenv("CB_WINDOW", bad, 1);
    EXPECT_THROW(breaker_settings_from_environment(), std::invalid_argument) << bad;
  }
  ::unsetenv("CB_WINDOW");
}

}  // namespace
}  // namespace shop
