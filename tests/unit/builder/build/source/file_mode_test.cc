#include "builder/build/source/file_mode.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::build {
namespace {

uint32_t apply(const char* change, uint32_t mode, bool directory = false) {
  return ModeChange::parse(change).apply(mode, directory);
}

TEST(ModeChange, Octal) {
  EXPECT_EQ(apply("755", 0600), 0755u);
  EXPECT_EQ(apply("0644", 0777), 0644u);
  EXPECT_EQ(apply("4755", 0600), 04755u);
  EXPECT_EQ(apply("0", 0777), 0u);
  EXPECT_EQ(apply("0640", 04755), 04640u);
  EXPECT_EQ(apply("2750", 04755), 02750u);
}

TEST(ModeChange, Clauses) {
  EXPECT_EQ(apply("u+x", 0644), 0744u);
  EXPECT_EQ(apply("+x", 0644), 0755u);
  EXPECT_EQ(apply("a-w", 0666), 0444u);
  EXPECT_EQ(apply("u=rwx,go=rx", 0600), 0755u);
  EXPECT_EQ(apply("go=", 0777), 0700u);
  EXPECT_EQ(apply("g=u", 0640), 0660u);
  EXPECT_EQ(apply("u=rwX,go=rX", 0600, true), 0755u);
  EXPECT_EQ(apply("u=rwX,go=rX", 0600, false), 0644u);
  EXPECT_EQ(apply("u=rwX,go=rX", 0700, false), 0755u);
  EXPECT_EQ(apply("u+s", 0755), 04755u);
  EXPECT_EQ(apply("+t", 0755, true), 01755u);
  EXPECT_EQ(apply("u+r-w", 0200), 0400u);
}

TEST(ModeChange, Refuses) {
  for (const char* bad :
       {"", "8", "17777", "99999999999999999999", "u", "u+q", "x", "u+x,", "rwx"}) {
    EXPECT_THROW(ModeChange::parse(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace mini::build
