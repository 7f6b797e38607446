#include "runtime/base/json_members.h"

#include <gmock/gmock.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

namespace mini {
namespace {

enum class Color { red, green };
const char* to_string(Color color) {
  static constexpr const char* kNames[] = {"red", "green", nullptr};
  return kNames[static_cast<int>(color)];
}

struct Inner {
  std::string name;
  bool strict = true;
};

void describe(JsonMembers& json, Inner& inner) {
  json.required("name", inner.name);
  json("strict", inner.strict);
}

struct Outer {
  bool flag = false;
  std::string text = "default";
  uint8_t small = 7;
  int16_t number = 0;
  int64_t large = 0;
  uint64_t largest = 0;
  Color color = Color::red;
  Digest digest;
  std::optional<int> maybe;
  std::vector<Inner> list;
  std::optional<Inner> inner;
  std::pair<std::string, int> both;
  std::set<std::string> set, keys;
  std::map<std::string, std::string> map;
  std::string grouped;
  bool grouped_flag = true;
};

void describe(JsonMembers& json, Outer& outer) {
  json.always("flag", outer.flag);
  json("text", outer.text);
  json("small", outer.small);
  json("number", outer.number);
  json("large", outer.large);
  json("largest", outer.largest);
  json("color", outer.color);
  json("digest", outer.digest);
  json("maybe", outer.maybe);
  json("list", outer.list);
  json("inner", outer.inner);
  json("both", outer.both);
  json("set", outer.set);
  json.keys("keys", outer.keys);
  json("map", outer.map);
  json.object("group", [&](JsonMembers& group) {
    group("text", outer.grouped);
    group("flag", outer.grouped_flag);
  });
  json.range("number", -10, 10);
  json.unsupported("other");
}

Outer full() {
  Outer outer;
  outer.flag = true;
  outer.text = "a \"quoted\"\n\xff caf\xc3\xa9";
  outer.small = 255;
  outer.number = -10;
  outer.large = INT64_MIN;
  outer.largest = UINT64_MAX;
  outer.color = Color::green;
  outer.digest = Digest::of("x");
  outer.maybe = 0;
  outer.list = {{"one", true}, {"two", false}};
  outer.inner = Inner();
  outer.both = {"b", -1};
  outer.set = {"t", "s"};
  outer.keys = {"l", "k"};
  outer.map = {{"z", "1"}, {"a\\", ""}};
  outer.grouped = "g";
  outer.grouped_flag = false;
  return outer;
}

std::string refusal(const std::string& json) {
  try {
    read_json<Outer>(json, "document");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(JsonMembers, WhatHasItsDefaultIsNotWritten) {
  EXPECT_EQ(write_json(Outer()), R"({"flag":false})");
  EXPECT_EQ(write_json(std::vector<Outer>(2)), R"([{"flag":false},{"flag":false}])");
  Outer empty;
  empty.text.clear();
  empty.small = 0;
  EXPECT_EQ(write_json(empty), R"({"flag":false,"small":0,"text":""})");
}

TEST(JsonMembers, CanonicalIsSortedAndOnOneLine) {
  EXPECT_EQ(
      write_json(full()),
      R"({"both":["b",-1],"color":"green","digest":")" + Digest::of("x").str() +
          R"(","flag":true,"group":{"flag":false,"text":"g"},"inner":{"name":""},)"
          R"("keys":{"k":{},"l":{}},"large":-9223372036854775808,"largest":18446744073709551615,)"
          R"("list":[{"name":"one"},{"name":"two","strict":false}],"map":{"a\\":"","z":"1"},)"
          R"("maybe":0,"number":-10,"set":["s","t"],"small":255,)"
          "\"text\":\"a \\\"quoted\\\"\\n\xef\xbf\xbd caf\xc3\xa9\"}");
}

TEST(JsonMembers, PrettyKeepsTheOrderOfTheDescription) {
  Outer outer;
  outer.inner = Inner{"n", false};
  outer.list = {{}};
  outer.grouped = "g";
  EXPECT_EQ(write_json(outer, JsonStyle::pretty), R"({
  "flag": false,
  "list": [
    {
      "name": ""
    }
  ],
  "inner": {
    "name": "n",
    "strict": false
  },
  "group": {
    "text": "g"
  }
})");
}

TEST(JsonMembers, ComesBackAsItWas) {
  const std::string json = write_json(full());
  const Outer again = read_json<Outer>(json, "document");
  EXPECT_EQ(write_json(again), json);
  EXPECT_EQ(again.large, INT64_MIN);
  EXPECT_EQ(again.largest, UINT64_MAX);
  EXPECT_EQ(again.color, Color::green);
  EXPECT_EQ(again.keys, full().keys);
  EXPECT_EQ(again.map, full().map);
  EXPECT_EQ(again.maybe, 0);
  EXPECT_FALSE(again.grouped_flag);
  EXPECT_EQ(write_json(read_own_json<Outer>(json, "document")), json);
  EXPECT_EQ(write_json(read_json<Outer>(write_json(full(), JsonStyle::pretty), "document")), json);
}

TEST(JsonMembers, NullIsAsGoodAsMissingAndUnknownMembersAreIgnored) {
  const Outer outer = read_json<Outer>(
      R"({"flag":null,"text":null,"list":null,"group":null,"maybe":null,"unknown":{"flag":1}})",
      "document");
  EXPECT_EQ(write_json(outer), write_json(Outer()));
}

TEST(JsonMembers, RefusalsNameThePlaceAndTheRange) {
  EXPECT_EQ(refusal("[]"), "document: expected an object");
  EXPECT_EQ(refusal(R"({"flag":1})"), "document: flag: expected true or false");
  EXPECT_EQ(refusal(R"({"small":256})"), "document: small: 256 is more than 255");
  EXPECT_EQ(refusal(R"({"small":-1})"), "document: small: -1 is less than 0");
  EXPECT_EQ(refusal(R"({"small":1.5})"),
            "document: small: expected a whole number that is not negative");
  EXPECT_EQ(refusal(R"({"number":-32769})"), "document: number: -32769 is less than -32768");
  EXPECT_EQ(refusal(R"({"number":11})"), "document: number: 11 is more than 10");
  EXPECT_EQ(refusal(R"({"number":true})"), "document: number: expected a whole number");
  EXPECT_EQ(refusal(R"({"large":9223372036854775808})"),
            "document: large: 9223372036854775808 is more than 9223372036854775807");
  EXPECT_EQ(refusal(R"({"largest":1e30})"),
            "document: largest: expected a whole number that is not negative");
  EXPECT_EQ(refusal(R"({"color":"blue"})"), "document: color: unknown value \"blue\"");
  EXPECT_EQ(refusal(R"({"list":[{"name":"a"},{"name":3}]})"),
            "document: list[1].name: expected a string");
  EXPECT_EQ(refusal(R"({"list":[{}]})"), "document: list[0].name: missing");
  EXPECT_EQ(refusal(R"({"list":[null]})"), "document: list[0]: expected an object");
  EXPECT_EQ(refusal(R"({"inner":{"name":null}})"), "document: inner.name: expected a string");
  EXPECT_EQ(refusal(R"({"both":["x"]})"), "document: both: expected two items");
  EXPECT_EQ(refusal(R"({"set":["x",1]})"), "document: set[1]: expected a string");
  EXPECT_EQ(refusal(R"({"map":{"k\u001b":1}})"), "document: map.k\\x1b: expected a string");
  EXPECT_EQ(refusal(R"({"group":{"flag":"yes"}})"), "document: group.flag: expected true or false");
  EXPECT_EQ(refusal(R"({"group":[]})"), "document: group: expected an object");
  EXPECT_EQ(refusal(R"({"other":{"x":1}})"), "document: other: is not supported by mini");
  EXPECT_EQ(refusal(R"({"other":{}})"), "accepted");
  EXPECT_THAT(refusal(R"({"digest":"md5:1"})"), testing::StartsWith("document: digest: "));
  EXPECT_THAT(refusal(R"({"list":{"name":"a"}})"), "document: list: expected an array");
}

TEST(JsonMembers, HostileDocumentsAreRefused) {
  EXPECT_NE(refusal(std::string(200'000, '[')), "accepted");
  EXPECT_NE(refusal("{\"text\":\"" + std::string(4 << 20, 'x') + "\"}"), "accepted");
  EXPECT_NE(refusal(R"({"flag":true,"flag":false})"), "accepted");
  EXPECT_THROW(read_own_json<Outer>("{", "document"), Error);
}

}  // namespace
}  // namespace mini
