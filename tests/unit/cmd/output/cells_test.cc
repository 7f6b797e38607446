#include "cmd/output/cells.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace mini::cmd {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(Cells, IdsAreTwelveDigits) {
  EXPECT_EQ(id_cell("0123456789abcdef", false), "0123456789ab");
  EXPECT_EQ(id_cell("0123456789abcdef", true), "0123456789abcdef");
}

TEST(Cells, TimesAreRelative) {
  const int64_t now = 1'000'000 * kSecond;
  EXPECT_EQ(ago_cell(now - 120 * kSecond, now), "2 minutes ago");
  EXPECT_EQ(ago_cell(now, now), "Less than a second ago");
  EXPECT_EQ(ago_cell(0, now), "N/A");
}

TEST(Cells, TimesAreAsGoWritesThem) {
  setenv("TZ", "UTC0", 1);
  tzset();
  EXPECT_EQ(time_cell(1'763'866'127 * kSecond), "2025-11-23 02:48:47 +0000 UTC");
  EXPECT_EQ(time_cell(0), "N/A");
}

TEST(Cells, LabelsAreJoined) {
  EXPECT_EQ(labels_cell({}), "");
  EXPECT_EQ(labels_cell({{"b", ""}, {"a", "1"}}), "a=1,b=");
}

TEST(Cells, CuttingLeavesRoomForTheMark) {
  EXPECT_EQ(cut_cell("exactly", 7), "exactly");
  EXPECT_EQ(cut_cell("too long", 7), "too lo…");
  EXPECT_EQ(cut_cell("äöüß", 4), "äöüß");
  EXPECT_EQ(cut_cell("äöüßx", 4), "äöü…");
  EXPECT_EQ(cut_cell("", 4), "");
}

TEST(Cells, PercentHasTwoDigits) {
  EXPECT_EQ(percent_cell(0), "0.00%");
  EXPECT_EQ(percent_cell(199.996), "200.00%");
}

}  // namespace
}  // namespace mini::cmd
