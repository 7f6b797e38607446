#include "runtime/engine/record/restart_policy.h"

#include <gtest/gtest.h>

namespace mini::engine {
namespace {

using Kind = RestartPolicy::Kind;
constexpr int64_t kMs = 1'000'000, kSecond = 1000 * kMs;

TEST(RestartPolicy, DecidesByPolicyExitCodeAndWhoEndedIt) {
  EXPECT_FALSE(should_restart({Kind::no, 0}, 1, 0, false));
  EXPECT_TRUE(should_restart({Kind::always, 0}, 0, 1000, false));
  EXPECT_TRUE(should_restart({Kind::unless_stopped, 0}, 0, 5, false));
  EXPECT_FALSE(should_restart({Kind::always, 0}, 137, 0, true));
  EXPECT_FALSE(should_restart({Kind::on_failure, 0}, 0, 0, false));
  EXPECT_TRUE(should_restart({Kind::on_failure, 0}, 1, 1000, false));
  EXPECT_TRUE(should_restart({Kind::on_failure, 3}, 1, 2, false));
  EXPECT_FALSE(should_restart({Kind::on_failure, 3}, 1, 3, false));
}

TEST(RestartPause, DoublesUpToAMinute) {
  RestartPause pause;
  EXPECT_EQ(pause.next(0), 100 * kMs);
  EXPECT_EQ(pause.next(0), 200 * kMs);
  EXPECT_EQ(pause.next(0), 400 * kMs);
  for (int i = 0; i < 20; ++i) pause.next(0);
  EXPECT_EQ(pause.next(0), 60 * kSecond);
}

TEST(RestartPause, BeginsAnewAfterALongRun) {
  RestartPause pause;
  pause.next(0);
  pause.next(0);
  EXPECT_EQ(pause.next(10 * kSecond), 100 * kMs);
  EXPECT_EQ(pause.next(10 * kSecond - 1), 200 * kMs);
}

}  // namespace
}  // namespace mini::engine
