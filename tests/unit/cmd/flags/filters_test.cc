#include "cmd/flags/filters.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr std::string_view kKnown[] = {"status", "label", "name", "dangling"};

template <class Act>
std::string filter_refusal(Act act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::usage || error.kind() == ErrorKind::bad_flag);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "accepted";
}

TEST(Filters, OneKeyHasAlternatives) {
  const Filters filters({"status=exited", "status=created", "name=web"}, kKnown);
  EXPECT_THAT(filters.values("status"), ElementsAre("exited", "created"));
  EXPECT_TRUE(filters.allow("status", "created"));
  EXPECT_FALSE(filters.allow("status", "running"));
  EXPECT_TRUE(filters.has("name"));
  EXPECT_FALSE(filters.has("dangling"));
}

TEST(Filters, WhatIsNotGivenAllowsAll) {
  const Filters filters({}, kKnown);
  EXPECT_THAT(filters.values("status"), IsEmpty());
  EXPECT_TRUE(filters.allow("status", "running"));
  EXPECT_TRUE(filters.allow_labels({}));
  EXPECT_FALSE(filters.truth("dangling"));
}

TEST(Filters, AllLabelsMustMatch) {
  const std::map<std::string, std::string> labels{{"a", "1"}, {"b", ""}};
  const auto allowed = [&](const std::vector<std::string>& texts) {
    return Filters(texts, kKnown).allow_labels(labels);
  };
  EXPECT_TRUE(allowed({"label=a"}));
  EXPECT_TRUE(allowed({"label=a=1", "label=b"}));
  EXPECT_TRUE(allowed({"label=b="}));
  EXPECT_FALSE(allowed({"label=a=2"}));
  EXPECT_FALSE(allowed({"label=a=1", "label=c"}));
  EXPECT_FALSE(allowed({"label="}));
}

TEST(Filters, TruthIsTrueOrFalse) {
  EXPECT_THAT(Filters({"dangling=true"}, kKnown).truth("dangling"), Optional(true));
  EXPECT_THAT(Filters({"dangling=0"}, kKnown).truth("dangling"), Optional(false));
  EXPECT_THAT(filter_refusal([] { Filters({"dangling=maybe"}, kKnown).truth("dangling"); }),
              HasSubstr("not a boolean"));
  EXPECT_THAT(filter_refusal([] {
                Filters({"dangling=true", "dangling=false"}, kKnown).truth("dangling");
              }),
              HasSubstr("contradicts"));
}

TEST(Filters, UnknownOnesAreRefused) {
  EXPECT_THAT(filter_refusal([] { Filters({"staus=exited"}, kKnown); }),
              HasSubstr("did you mean status=?"));
  EXPECT_THAT(filter_refusal([] { Filters({"zzzzzz=1"}, kKnown); }),
              HasSubstr("filters: status, label, name, dangling"));
  EXPECT_THAT(filter_refusal([] { Filters({"status"}, kKnown); }), HasSubstr("KEY=VALUE"));
  constexpr std::string_view states[] = {"running", "exited"};
  EXPECT_THAT(
      filter_refusal([&] { Filters({"status=exitd"}, kKnown).check_values("status", states); }),
      HasSubstr("did you mean exited?"));
  EXPECT_THAT(
      filter_refusal([&] { Filters({"status=on"}, kKnown).check_values("status", states); }),
      HasSubstr("one of running, exited"));
}

TEST(NameMatches, IsAPartUnlessItIsTied) {
  EXPECT_TRUE(name_matches("my-web-1", "web"));
  EXPECT_FALSE(name_matches("my-web-1", "db"));
  EXPECT_TRUE(name_matches("web", "^web$"));
  EXPECT_TRUE(name_matches("web", "^/web$"));
  EXPECT_FALSE(name_matches("web-1", "^web$"));
  EXPECT_TRUE(name_matches("web-1", "^web"));
  EXPECT_FALSE(name_matches("my-web", "^web"));
  EXPECT_TRUE(name_matches("my-web", "web$"));
  EXPECT_TRUE(name_matches("a.b", "a.b"));
  EXPECT_TRUE(name_matches("web", ""));
  EXPECT_THAT(filter_refusal([] { name_matches("web", "we.*"); }),
              HasSubstr("regular expressions are not supported"));
}

}  // namespace
}  // namespace mini::cmd
