#include "builder/dockerfile/glob.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::dockerfile {
namespace {

TEST(Glob, Components) {
  EXPECT_TRUE(glob_match("*.c", "a.c"));
  EXPECT_FALSE(glob_match("*.c", "a.h"));
  EXPECT_TRUE(glob_match("a?c",
                         "a\xC3\xA9"
                         "c"))
      << "a whole character";
  EXPECT_TRUE(glob_match("[a-c]x", "bx"));
  EXPECT_FALSE(glob_match("[^a-c]x", "bx"));
  EXPECT_TRUE(glob_match("[\\]]x", "]x"));
  EXPECT_TRUE(glob_match("a\\*b", "a*b"));
  EXPECT_FALSE(glob_match("a\\*b", "axb"));
  EXPECT_FALSE(glob_match("*", "a/b"));
  EXPECT_FALSE(glob_match("**", "a/b")) << "no double star here";
  EXPECT_TRUE(glob_match("", ""));
}

TEST(Glob, BadPatterns) {
  for (const char* pattern : {"[", "[a", "[]", "[]a]", "[a-]", "[-a]", "[^]", "a\\", "[a\\", "x["})
    EXPECT_THROW(PathPattern{pattern}, Error) << pattern;
}

TEST(Glob, HasGlob) {
  EXPECT_TRUE(has_glob("a*"));
  EXPECT_FALSE(has_glob("a\\*"));
  EXPECT_EQ(unescape_glob("a\\*\\\\"), "a*\\");
}

TEST(Glob, DoubleStars) {
  const auto matches = [](const char* pattern, const char* path) {
    return PathPattern(pattern).matches(path);
  };
  EXPECT_TRUE(matches("**", "a/b/c"));
  EXPECT_TRUE(matches("**/x", "x"));
  EXPECT_TRUE(matches("**/x", "a/b/x"));
  EXPECT_FALSE(matches("**/x", "a/bx"));
  EXPECT_TRUE(matches("a/**", "a/b/c"));
  EXPECT_FALSE(matches("a/**", "a"));
  EXPECT_TRUE(matches("a/**/b", "a/b"));
  EXPECT_TRUE(matches("a/**/b", "a/x/y/b"));
  EXPECT_FALSE(matches("a/**/b", "a/xb"));
  EXPECT_TRUE(matches("**/*.go", "x/y.go"));
  EXPECT_TRUE(matches("**.go", "x/y.go")) << "a literal rest takes any beginning";
  EXPECT_TRUE(matches("a**", "ab/c"));
  EXPECT_TRUE(matches("**/a/**/b", "q/a/b"));
}

TEST(Glob, AboveAndBelow) {
  EXPECT_TRUE(PathPattern("a*").matches_or_above("ab/c/d"));
  EXPECT_TRUE(PathPattern("a/b").matches_or_above("a/b/c"));
  EXPECT_FALSE(PathPattern("a/b").matches_or_above("a/bc"));
  EXPECT_FALSE(PathPattern("a/b").matches_or_above("a"));
  EXPECT_TRUE(PathPattern("a/b/c").may_match_below("a/b"));
  EXPECT_FALSE(PathPattern("a/b/c").may_match_below("a/bb"));
  EXPECT_FALSE(PathPattern("a/b").may_match_below("a/b"));
  EXPECT_TRUE(PathPattern("*/c").may_match_below("x"));
  EXPECT_FALSE(PathPattern("*/c").may_match_below("x/y"));
  EXPECT_TRUE(PathPattern("**/c").may_match_below("x/y"));
  EXPECT_TRUE(PathPattern("a/**").may_match_below("a"));
  EXPECT_FALSE(PathPattern("a/**").may_match_below("b"));
  EXPECT_TRUE(PathPattern("x").may_match_below("."));
}

TEST(Glob, Clean) {
  EXPECT_EQ(clean_pattern("a//b/./c/.."), "a/b");
  EXPECT_EQ(clean_pattern(""), ".");
  EXPECT_EQ(clean_pattern("../a"), "../a");
  EXPECT_EQ(clean_pattern("/../a/"), "/a");
}

TEST(Glob, NoPatternIsSlow) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a**/";
  EXPECT_FALSE(PathPattern(pattern + "b").matches(std::string(4000, 'a')));
}

}  // namespace
}  // namespace mini::dockerfile
