#include "builder/dockerfile/source.h"

#include <gtest/gtest.h>

namespace mini::dockerfile {
namespace {

TEST(Source, ExcerptMarksTheRange) {
  const Source source{"Dockerfile", "FROM a\nRUM x y\n"};
  EXPECT_EQ(excerpt(source, {{2, 1}, {2, 3}}), "    2 | RUM x y\n      | ^^^\n");
}

TEST(Source, ContextLinesAreNotMarked) {
  const Source source{"Dockerfile", "FROM a\nRUM x\nCMD y\n"};
  EXPECT_EQ(excerpt(source, {{2, 5}, {2, 5}}, 1),
            "    1 | FROM a\n    2 | RUM x\n      |     ^\n    3 | CMD y\n");
}

TEST(Source, CaretCountsCharactersAndKeepsTabs) {
  const Source source{"Dockerfile", "\tx\xC3\xA9 y"};
  EXPECT_EQ(excerpt(source, {{1, 6}, {1, 6}}), "    1 | \tx\xC3\xA9 y\n      | \t   ^\n");
}

TEST(Source, ControlBytesNeverReachTheTerminal) {
  const Source source{"\x1B[2Jname", "RUN \x1B[31mred"};
  const DockerfileError error(source, {{1, 1}, {1, 3}}, "bad");
  EXPECT_EQ(error.excerpt().find('\x1B'), std::string::npos);
  EXPECT_EQ(std::string(error.what()).find('\x1B'), std::string::npos);
}

TEST(Source, LongLinesAreCutAroundTheRange) {
  const Source source{"Dockerfile", std::string(500, 'a') + "!" + std::string(500, 'b')};
  const std::string shown = excerpt(source, {{1, 501}, {1, 501}});
  EXPECT_LT(shown.size(), 400U);
  const size_t bang = shown.find('!');
  const size_t caret = shown.rfind('^');
  ASSERT_NE(bang, std::string::npos);
  // "…" has three bytes and one column.
  EXPECT_EQ(bang - 2, caret - shown.find('\n') - 1);
}

TEST(Source, ErrorNamesThePlace) {
  const DockerfileError error({"f", "a\nb"}, {{2, 1}, {2, 1}}, "wrong", "mend it");
  EXPECT_STREQ(error.what(), "f:2:1: wrong");
  EXPECT_EQ(error.hint(), "mend it");
  EXPECT_EQ(error.problem(), "wrong");
}

TEST(Source, RangesOutsideTheTextAreHarmless) {
  const Source source{"f", "a"};
  EXPECT_EQ(excerpt(source, {{7, 3}, {9, 1}}), "");
  EXPECT_EQ(excerpt(source, {{1, 70}, {1, 90}}), "    1 | a\n      |  ^\n");
}

}  // namespace
}  // namespace mini::dockerfile
