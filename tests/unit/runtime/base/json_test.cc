#include "runtime/base/json.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string nested(int levels, char open, char close) {
  return std::string(static_cast<size_t>(levels), open) +
         std::string(static_cast<size_t>(levels), close);
}

TEST(ParseJson, NamesTheDocumentAndTheLine) {
  EXPECT_THAT(failure([] { parse_json("{\n  \"a\": x}", "config"); }),
              StartsWith("config: line 2, column 8: "));
}

TEST(ParseJson, ShowsNoControlBytesOfTheDocument) {
  const std::string text = failure([] { parse_json("\"\x1b[31m\n", "config"); });
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(ParseJson, TakesOneWholeDocument) {
  for (const char* text : {"", " ", "{} {}", "{}x", "[1,]", "{\"a\":1,}", "// c\n1", "'a'", "NaN",
                           "01", "\"\xff\"", "\"\\ud800\"", "1e999"}) {
    EXPECT_THROW(parse_json(text, "x"), Error) << text;
  }
}

TEST(ParseJson, RefusesDuplicateKeys) {
  EXPECT_THAT(failure([] { parse_json(R"({"a":1,"b":{"c":1},"a":2})", "config"); }),
              "config: the key \"a\" appears twice in one object");
  EXPECT_THROW(parse_json(R"([{"a":{"b":1,"\u0062":2}}])", "x"), Error);
  EXPECT_NO_THROW(parse_json(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})", "x"));
}

TEST(ParseJson, BoundsDepthBeforeItParses) {
  EXPECT_NO_THROW(parse_json(nested(kJsonDepth, '[', ']'), "x"));
  EXPECT_THAT(failure([] { parse_json(nested(kJsonDepth + 1, '[', ']'), "x"); }),
              HasSubstr("more than 100 levels deep"));
  EXPECT_THROW(parse_json(std::string(200'000, '['), "x"), Error);
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  EXPECT_THROW(parse_json(objects, "x"), Error);
}

TEST(ParseJson, BracketsInStringsHaveNoDepth) {
  const std::string text = "[\"" + std::string(500, '[') + "\\\"" + std::string(500, '{') + "\"]";
  EXPECT_NO_THROW(parse_json(text, "x"));
}

TEST(ParseJson, BoundsSize) {
  EXPECT_NO_THROW(parse_json("[1]", "x", 3));
  EXPECT_THROW(parse_json("[1]", "x", 2), Error);
}

class View : public ::testing::Test {
 protected:
  const Json json_ = parse_json(R"({
    "text": "t", "yes": true, "n": -5, "big": 18446744073709551615, "half": 0.5, "none": null,
    "list": ["a", "b"], "map": {"k": "v"}, "rootfs": {"diff_ids": ["x", "y", "z", 4]}})",
                                "image config");
  const JsonView view_{json_, "image config"};
};

TEST_F(View, NamesTheWholePath) {
  EXPECT_EQ(failure([&] { view_.at("rootfs").at("diff_ids").strings(); }),
            "image config: rootfs.diff_ids[3]: expected a string");
  EXPECT_EQ(failure([&] { view_.at("rootfs").at("type"); }), "image config: rootfs.type: missing");
  EXPECT_EQ(failure([&] { view_.at("list").at("x"); }), "image config: list: expected an object");
  EXPECT_EQ(failure([&] { view_.items(); }), "image config: expected an array");
  const Json list = parse_json("[1]", "list");
  EXPECT_EQ(failure([&] { JsonView(list, "list").items()[0].string(); }),
            "list: [0]: expected a string");
}

TEST_F(View, ReadsEachType) {
  EXPECT_EQ(view_.at("text").string(), "t");
  EXPECT_TRUE(view_.at("yes").boolean());
  EXPECT_EQ(view_.at("n").integer(), -5);
  EXPECT_EQ(view_.at("big").unsigned_integer(), ~0ULL);
  EXPECT_THAT(view_.at("list").strings(), ElementsAre("a", "b"));
}

TEST_F(View, DoesNotConvert) {
  EXPECT_THROW(view_.at("n").unsigned_integer(), Error);
  EXPECT_THROW(view_.at("big").integer(), Error);
  EXPECT_THROW(view_.at("half").integer(), Error);
  EXPECT_THROW(view_.at("text").integer(), Error);
  EXPECT_THROW(view_.at("n").string(), Error);
  EXPECT_THROW(view_.at("n").boolean(), Error);
}

TEST_F(View, NullIsAsGoodAsMissing) {
  EXPECT_FALSE(view_.find("none"));
  EXPECT_FALSE(view_.find("nothing"));
  EXPECT_EQ(view_.string_or("none", "d"), "d");
  EXPECT_EQ(view_.integer_or("n"), -5);
  EXPECT_EQ(view_.boolean_or("nothing", true), true);
  EXPECT_TRUE(view_.strings_or("none").empty());
  EXPECT_THROW(view_.string_or("n"), Error);
}

TEST(Canonical, SortsKeysAndNeverFails) {
  EXPECT_EQ(canonical(parse_json("{ \"b\" : 1, \"a\" : [ 1, 2 ] }", "x")), R"({"a":[1,2],"b":1})");
  EXPECT_EQ(canonical(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace mini
