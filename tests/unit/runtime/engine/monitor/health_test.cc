#include "runtime/engine/monitor/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Health::Probe probe(int exit_code) {
  Health::Probe out;
  out.exit_code = exit_code;
  return out;
}

TEST(HealthCheck, CommandsAreFormedAsDockerDoes) {
  EXPECT_THAT(probe_command({{"CMD", "curl", "-f"}}), ElementsAre("curl", "-f"));
  EXPECT_THAT(probe_command({{"CMD-SHELL", "curl -f x"}}),
              ElementsAre("/bin/sh", "-c", "curl -f x"));
  EXPECT_THAT(probe_command({{"NONE"}}), IsEmpty());
  EXPECT_THAT(probe_command({}), IsEmpty());
}

TEST(HealthCheck, UnhealthyAfterSoManyFailuresInARow) {
  Health health;
  health.status = "starting";
  const image::Healthcheck check = with_defaults({{"CMD", "x"}});
  count_probe(health, check, probe(1), false);
  count_probe(health, check, probe(1), false);
  EXPECT_EQ(health.status, "starting");
  count_probe(health, check, probe(1), false);
  EXPECT_EQ(health.status, "unhealthy");
  EXPECT_EQ(health.failing_streak, 3);
  count_probe(health, check, probe(0), false);
  EXPECT_EQ(health.status, "healthy");
  EXPECT_EQ(health.failing_streak, 0);
}

TEST(HealthCheck, FailuresInTheStartPeriodDoNotCountUntilItWasHealthy) {
  Health health;
  health.status = "starting";
  image::Healthcheck check = with_defaults({{"CMD", "x"}});
  check.retries = 1;
  count_probe(health, check, probe(1), true);
  EXPECT_EQ(health.status, "starting");
  EXPECT_EQ(health.failing_streak, 0);
  count_probe(health, check, probe(0), true);
  count_probe(health, check, probe(1), true);
  EXPECT_EQ(health.status, "unhealthy");
}

TEST(HealthCheck, KeepsTheLastFiveProbes) {
  Health health;
  for (int i = 0; i < 7; ++i) count_probe(health, with_defaults({}), probe(i), false);
  ASSERT_EQ(health.log.size(), 5u);
  EXPECT_EQ(health.log.front().exit_code, 2);
}

}  // namespace
}  // namespace mini::engine
