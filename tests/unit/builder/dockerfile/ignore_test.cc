#include "builder/dockerfile/ignore.h"

#include <gtest/gtest.h>

namespace mini::dockerfile {
namespace {

IgnoreRules rules(const std::string& text) {
  return IgnoreRules::parse({".dockerignore", text});
}

TEST(Ignore, PlainAndBelow) {
  const IgnoreRules ignore =
      rules("\xEF\xBB\xBF# comment\n\n node_modules/ \r\n/build\n./a/../b\n");
  EXPECT_TRUE(ignore.ignored("node_modules"));
  EXPECT_TRUE(ignore.ignored("node_modules/x/y"));
  EXPECT_TRUE(ignore.ignored("build"));
  EXPECT_TRUE(ignore.ignored("b"));
  EXPECT_FALSE(ignore.ignored("src/node_modules")) << "rooted at the context";
  EXPECT_FALSE(ignore.ignored("# comment"));
  EXPECT_FALSE(ignore.ignored("."));
}

TEST(Ignore, LastMatchWins) {
  const IgnoreRules ignore = rules("*.md\n!README*.md\nREADME-secret.md\n");
  EXPECT_TRUE(ignore.ignored("x.md"));
  EXPECT_FALSE(ignore.ignored("README.md"));
  EXPECT_TRUE(ignore.ignored("README-secret.md"));
  const IgnoreRules reversed = rules("*.md\nREADME-secret.md\n!README*.md\n");
  EXPECT_FALSE(reversed.ignored("README-secret.md"));
}

TEST(Ignore, EverythingBut) {
  const IgnoreRules ignore = rules("*\n!src\n!docs/keep.txt\nsrc/tmp\n");
  EXPECT_TRUE(ignore.ignored("x"));
  EXPECT_FALSE(ignore.ignored("src/main.c"));
  EXPECT_TRUE(ignore.ignored("src/tmp/x"));
  EXPECT_TRUE(ignore.ignored("docs"));
  EXPECT_FALSE(ignore.ignored("docs/keep.txt"));
  EXPECT_TRUE(ignore.may_include_below("docs"));
  EXPECT_FALSE(ignore.may_include_below("x"));
  EXPECT_FALSE(ignore.may_include_below("src/tmp")) << "no ! behind the rule that took it out";
}

TEST(Ignore, Stars) {
  const IgnoreRules ignore = rules("**/*.o\n*/temp*\n!**/keep.o\n");
  EXPECT_TRUE(ignore.ignored("a.o"));
  EXPECT_TRUE(ignore.ignored("x/y/a.o"));
  EXPECT_FALSE(ignore.ignored("x/keep.o"));
  EXPECT_TRUE(ignore.ignored("a/temporary"));
  EXPECT_FALSE(ignore.ignored("a/b/temp"));
  EXPECT_TRUE(ignore.may_include_below("a/temporary"));
}

TEST(Ignore, Nothing) {
  EXPECT_TRUE(rules("# only\n\n").empty());
  EXPECT_FALSE(IgnoreRules().ignored("x"));
}

TEST(Ignore, BadPatternsNameTheirLine) {
  try {
    rules("ok\n  [a\n");
    FAIL();
  } catch (const DockerfileError& error) {
    EXPECT_STREQ(error.what(), ".dockerignore:2:3: pattern \"[a\": a [ is not closed");
  }
  EXPECT_THROW(rules("!\n"), DockerfileError);
  EXPECT_THROW(IgnoreRules::from_patterns({"["}), Error);
}

TEST(Ignore, Excludes) {
  const IgnoreRules exclude = IgnoreRules::from_patterns({"*.txt", "!a.txt"});
  EXPECT_TRUE(exclude.ignored("b.txt"));
  EXPECT_FALSE(exclude.ignored("a.txt"));
}

}  // namespace
}  // namespace mini::dockerfile
