#include "runtime/base/log.h"

#include <gmock/gmock.h>

namespace mini {
namespace {

using ::testing::MatchesRegex;

TEST(Debug, IsFreeWhenOff) {
  set_debug(false);
  ::testing::internal::CaptureStderr();
  debug("text");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Debug, WritesOneStampedLineWithoutControlBytes) {
  set_debug(true);
  ::testing::internal::CaptureStderr();
  debug("mount ", 3, '\n', "\x1b[2J");
  set_debug(false);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("\\[ +[0-9]+\\.[0-9]+\\] mount 3\\\\x0a\\\\x1b\\[2J\n"));
}

TEST(WarnOnce, SaysATextOnce) {
  ::testing::internal::CaptureStderr();
  warn_once("no seccomp here");
  warn_once("no seccomp here");
  warn_once("no cgroup here");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: no seccomp here\nwarning: no cgroup here\n");
}

}  // namespace
}  // namespace mini
