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

TEST(Challenge, WhatIsNotUnderstoodHidesNothingBehindIt) {
  const std::string bearer = R"(Bearer realm="https://t/",service="s")";
  for (const char* before :
       {"Negotiate", "Negotiate YIIB/w+~==", "NTLM TlRMTVNTUAAC==",
        "Digest realm=\"a, b\", qop=\"x,y\"", "Basic realm=\"with, \\\"comma\\\"\"", "Basic", "=x",
        "\x01", "Basic realm=", "@!, ;", "Kerberos a/b"}) {
    const auto found = parse_challenges(std::string(before) + ", " + bearer);
    ASSERT_FALSE(found.empty()) << before;
    EXPECT_EQ(found.back().scheme, "bearer") << before;
    EXPECT_EQ(found.back().parameters.at("realm"), "https://t/") << before;
    EXPECT_EQ(found.back().parameters.at("service"), "s") << before;
    ASSERT_EQ(best_challenge(found, true), &found.back()) << before;
  }
}

TEST(Challenge, TheStrongestThatCanBeAnswered) {
  const auto best = [](const char* text, bool has_password) {
    const auto found = parse_challenges(text);
    const Challenge* challenge = best_challenge(found, has_password);
    return challenge ? challenge->scheme : "";
  };
  EXPECT_EQ(best("Basic realm=a, Bearer realm=b", true), "bearer");
  EXPECT_EQ(best("Bearer realm=b, Basic realm=a", true), "bearer");
  EXPECT_EQ(best("Bearer, Basic realm=a", true), "basic");
  EXPECT_EQ(best("Basic realm=a", false), "");
  EXPECT_EQ(best("Negotiate, Digest realm=a", true), "");
}

// The first of two equal parameters counts, for every reader here.
TEST(Challenge, DoesNotLetASecondRealmWin) {
  EXPECT_EQ(parse_challenges("Bearer realm=a,realm=b")[0].parameters.at("realm"), "a");
}

}  // namespace
}  // namespace mini::registry
