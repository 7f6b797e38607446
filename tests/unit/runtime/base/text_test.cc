#include "runtime/base/text.h"

#include <gmock/gmock.h>

#include <iomanip>

namespace mini {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using namespace std::string_view_literals;

TEST(Cat, TakesTextCharactersAndNumbers) {
  EXPECT_EQ(cat("layer ", 3, ':', std::string(" x"), "y"sv, -1, 18446744073709551615ULL),
            "layer 3: xy-118446744073709551615");
}

TEST(Split, KeepsEmptyPieces) {
  EXPECT_THAT(split("a,b,,c", ','), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
}

TEST(Join, IsTheInverseOfSplit) {
  for (const char* text : {"", "a", "a,b", ",,", "a,"}) {
    EXPECT_EQ(join(split(text, ','), ","), text);
  }
}

TEST(Trim, BothEndsOnly) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Case, LeavesOtherBytesAlone) {
  EXPECT_EQ(lower("A\xc3\x84Z[`"), "a\xc3\x84z[`");
  EXPECT_EQ(upper("a\xc3\xa4z{"), "A\xc3\xa4Z{");
}

TEST(ParseNumber, TakesOnlyAWholeNumber) {
  EXPECT_THAT(parse_number("0"), Optional(0ULL));
  EXPECT_THAT(parse_number("007"), Optional(7ULL));
  EXPECT_THAT(parse_number("18446744073709551615"), Optional(18446744073709551615ULL));
  EXPECT_THAT(parse_number("65535", 65535), Optional(65535ULL));
  for (const auto text : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "1e3", "18446744073709551616",
                          "99999999999999999999999"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number("1\0"sv), std::nullopt);
  EXPECT_EQ(parse_number("65536", 65535), std::nullopt);
}

struct Shown {
  std::string_view raw, shown;
};

class Printable : public ::testing::TestWithParam<Shown> {};

TEST_P(Printable, CannotMoveTheCursorOrHideText) {
  EXPECT_EQ(printable(GetParam().raw), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(Table, Printable,
                         ::testing::Values(Shown{"plain ~", "plain ~"},        //
                                           Shown{"tab\tstays", "tab\tstays"},  //
                                           Shown{"\x1b[31m", "\\x1b[31m"},     //
                                           Shown{"a\nb\r", "a\\x0ab\\x0d"},    //
                                           Shown{"\0"sv, "\\x00"},             //
                                           Shown{"\x7f", "\\x7f"},             //
                                           Shown{"\xc2\x9b", "\\u{009b}"},     //
                                           Shown{"\u00e4\u20ac\U0001f600",
                                                 "\u00e4\u20ac\U0001f600"},                //
                                           Shown{"\u202e", "\\u{202e}"},                   //
                                           Shown{"\u2066x\u200b", "\\u{2066}x\\u{200b}"},  //
                                           Shown{"\U000e0041", "\\u{e0041}"},              //
                                           Shown{"\xff", "\\xff"},                         //
                                           Shown{"\xc0\x80", "\\xc0\\x80"},                //
                                           Shown{"\xe2\x82", "\\xe2\\x82"},                //
                                           Shown{"\xed\xa0\x80", "\\xed\\xa0\\x80"},       //
                                           Shown{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}));

TEST(Quoted, EscapesQuotesAndBackslashes) {
  EXPECT_EQ(quoted("a\"b\\c\n"), "\"a\\\"b\\\\c\\x0a\"");
}

TEST(Quoted, IsNotTheStandardLibrarysManipulator) {
  std::string text = "x";
  EXPECT_EQ(cat(quoted(text)), "\"x\"");
}

constexpr std::string_view kCommands[] = {"run", "rm", "rmi", "build", "images", "inspect"};

TEST(DidYouMean, FindsTypingErrors) {
  EXPECT_THAT(did_you_mean("biuld", kCommands), Optional(std::string("build")));
  EXPECT_THAT(did_you_mean("IMAGE", kCommands), Optional(std::string("images")));
  EXPECT_THAT(did_you_mean("inpsetc", kCommands), Optional(std::string("inspect")));
  EXPECT_THAT(did_you_mean("rn", kCommands), Optional(std::string("run")));
}

TEST(DidYouMean, DoesNotMistakeOtherNames) {
  constexpr std::string_view flags[] = {"--pull", "--cpus", "--user", "--memory", "--volume"};
  for (const char* other : {"--push", "--gpus", "--userns", "--load", "--uts"})
    EXPECT_EQ(did_you_mean(other, flags), std::nullopt) << other;
  EXPECT_THAT(did_you_mean("--memroy", flags), Optional(std::string("--memory")));
  EXPECT_THAT(did_you_mean("--volme", flags), Optional(std::string("--volume")));
  constexpr std::string_view commands[] = {"top", "cp", "ls"};
  EXPECT_EQ(did_you_mean("foo", commands), std::nullopt);
}

TEST(DidYouMean, DoesNotGuess) {
  EXPECT_EQ(did_you_mean("deploy", kCommands), std::nullopt);
  EXPECT_EQ(did_you_mean("x", kCommands), std::nullopt);
  EXPECT_EQ(did_you_mean("", kCommands), std::nullopt);
  EXPECT_EQ(did_you_mean(std::string(100'000, 'a'), kCommands), std::nullopt);
}

}  // namespace
}  // namespace mini
