#include "builder/dockerfile/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini::dockerfile {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const std::vector<Token>& tokens) {
  std::vector<std::string> out;
  for (const Token& token : tokens) out.push_back(token.text);
  return out;
}

TEST(Words, SplitsAtBlanks) {
  EXPECT_THAT(texts(split_at_blanks(" a  b\tc ", 0)), ElementsAre("a", "b", "c"));
  EXPECT_THAT(texts(split_at_blanks("   ", 0)), ElementsAre());
}

TEST(Words, QuotesAndEscapesHoldWordsTogether) {
  EXPECT_THAT(texts(split_outside_quotes(R"(a="x y" b='p q' c=r\ s)", 0, '\\')),
              ElementsAre(R"(a="x y")", "b='p q'", R"(c=r\ s)"));
  EXPECT_THAT(texts(split_outside_quotes("a=`\" b", 0, '`')), ElementsAre("a=`\"", "b"));
  // A backslash does nothing inside single quotes.
  EXPECT_THAT(texts(split_outside_quotes(R"(a='x\' b)", 0, '\\')), ElementsAre(R"(a='x\')", "b"));
}

TEST(Words, FlagsEndAtTheFirstOtherWord) {
  const std::string text = R"(COPY --from=a --chown="x y":z src --not=this /d)";
  const LeadingFlags flags = take_flags(text, 4);
  EXPECT_THAT(texts(flags.flags), ElementsAre("--from=a", "--chown=x y:z"));
  EXPECT_EQ(text.substr(flags.rest), "src --not=this /d");
}

TEST(Words, BareDashesEndTheFlags) {
  const LeadingFlags flags = take_flags("--a -- --b", 0);
  EXPECT_THAT(texts(flags.flags), ElementsAre("--a"));
  EXPECT_EQ(flags.rest, 7U);
}

TEST(Words, JsonArrays) {
  const JsonArray json = parse_json_array(R"( [ "a b" , "q\"\u00e9\n" ] )", 0);
  ASSERT_EQ(json.form, JsonForm::strings);
  EXPECT_THAT(texts(json.items), ElementsAre("a b", "q\"\xC3\xA9\n"));
  EXPECT_EQ(json.items[0].begin, 3U);
  EXPECT_EQ(json.items[0].end, 8U);
  EXPECT_EQ(parse_json_array("[]", 0).form, JsonForm::strings);
}

TEST(Words, WhatIsNoJsonArray) {
  for (const char* text : {"", "a", "[", "[\"a\"", "['a']", "[\"a\",]", "[\"a\" \"b\"]",
                           "[\"a\"] x", "[\"\\x\"]", "[a]", "[\"a\nb\"]", "[1,]", "[,]"})
    EXPECT_EQ(parse_json_array(text, 0).form, JsonForm::none) << text;
  for (const char* text : {"[1]", "[\"a\", null]", "[[\"a\"]]", "[{}]"})
    EXPECT_EQ(parse_json_array(text, 0).form, JsonForm::mixed) << text;
}

TEST(Words, DeepJsonIsHarmless) {
  const std::string deep(1 << 20, '[');
  EXPECT_EQ(parse_json_array(deep, 0).form, JsonForm::none);
  EXPECT_EQ(parse_json_array(deep + std::string(1 << 20, ']'), 0).form, JsonForm::mixed);
}

TEST(Words, LooksLikeJson) {
  for (const char* text : {"['npm', 'start']", "[\"a\" ,'b']", "['a']", "[ 'a', 'b' ]"})
    EXPECT_TRUE(resembles_json_array(text)) << text;
  for (const char* text : {"[ -f x ] && y", "[ \"$a\" = \"b\" ]", "echo ['a']", "[[ a ]]", "["})
    EXPECT_FALSE(resembles_json_array(text)) << text;
}

}  // namespace
}  // namespace mini::dockerfile
