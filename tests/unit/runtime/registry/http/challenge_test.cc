#include "runtime/registry/http/challenge.h"

#include <gtest/gtest.h>

namespace mini::registry {
namespace {

TEST(Challenge, OfATokenServer) {
  const auto found = parse_challenges(
      R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="a:b:pull,push")");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].scheme, "bearer");
  EXPECT_EQ(found[0].parameters.at("realm"), "https://auth.docker.io/token");
  EXPECT_EQ(found[0].parameters.at("scope"), "a:b:pull,push");
}

TEST(Challenge, SeveralInOneHeader) {
  const auto found = parse_challenges(R"(Negotiate, BASIC Realm=x , bearer realm = "y\"z")");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].scheme, "negotiate");
  EXPECT_EQ(found[1].scheme, "basic");
  EXPECT_EQ(found[1].parameters.at("realm"), "x");
  EXPECT_EQ(found[2].parameters.at("realm"), "y\"z");
}

TEST(Challenge, OfNonsenseIsNothingOrLess) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=x").empty());
  EXPECT_TRUE(parse_challenges(",,, ,").empty());
  EXPECT_TRUE(parse_challenges("\x01").empty());
  EXPECT_TRUE(parse_challenges(std::string(10000, 'a')).empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"open").size(), 1u);
  EXPECT_TRUE(parse_challenges("Bearer realm=\"open")[0].parameters.empty());
  EXPECT_TRUE(parse_challenges("Bearer realm=").at(0).parameters.empty());
  EXPECT_TRUE(parse_challenges("Bearer realm=\"x\\").at(0).parameters.empty());
}

// The first of two equal parameters counts, for every reader here.
TEST(Challenge, DoesNotLetASecondRealmWin) {
  EXPECT_EQ(parse_challenges("Bearer realm=a,realm=b")[0].parameters.at("realm"), "a");
}

}  // namespace
}  // namespace mini::registry
