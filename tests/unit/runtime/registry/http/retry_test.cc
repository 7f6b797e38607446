#include "runtime/registry/http/retry.h"

#include <gtest/gtest.h>

namespace mini::registry {
namespace {

TEST(RetryPlan, DoublesAndEnds) {
  RetryPlan plan(4, 500);
  EXPECT_EQ(plan.next(), 500);
  EXPECT_EQ(plan.next(), 1000);
  EXPECT_EQ(plan.next(), 2000);
  EXPECT_FALSE(plan.next());
}

TEST(RetryPlan, IsBounded) {
  RetryPlan plan(20, 20'000);
  EXPECT_EQ(plan.next(), 20'000);
  for (int i = 0; i < 18; ++i) EXPECT_EQ(plan.next(), 30'000);
  EXPECT_FALSE(plan.next());
}

TEST(RetryPlan, ProgressGivesAllAttemptsBack) {
  RetryPlan plan(2, 10);
  EXPECT_EQ(plan.next(), 10);
  plan.progress();
  EXPECT_EQ(plan.next(), 10);
  EXPECT_FALSE(plan.next());
}

TEST(RetryPlan, ObeysTheServerWithinReason) {
  EXPECT_EQ(RetryPlan(3, 500).next("7"), 7000);
  EXPECT_EQ(RetryPlan(3, 500).next("0"), 500);
  EXPECT_EQ(RetryPlan(3, 500).next("Wed, 21 Oct 2026 07:28:00 GMT"), 500);
  EXPECT_FALSE(RetryPlan(3, 500).next("61"));
  EXPECT_FALSE(RetryPlan(3, 500).next("18446744073709551615"));
}

TEST(RetryPlan, KnowsWhatMayGoBetter) {
  for (const int status : {408, 429, 500, 502, 503, 504})
    EXPECT_TRUE(RetryPlan::is_worthwhile(status));
  for (const int status : {200, 301, 400, 401, 403, 404, 501})
    EXPECT_FALSE(RetryPlan::is_worthwhile(status));
}

}  // namespace
}  // namespace mini::registry
