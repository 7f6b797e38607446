#include "src/span.h"

#include <gmock/gmock.h>

namespace tracing {
namespace {

using ::testing::HasSubstr;

// The one span that is sent as `fields`, written again.
std::string again(const std::string& fields) {
  auto spans = parse_spans("[{" + fields + "}]");
  return spans.size() == 1 ? to_json(spans[0]) : "not one span";
}

std::string complaint(const std::string& list) {
  try {
    parse_spans(list);
    return "";
  } catch (const BadInput& error) {
    return error.what();
  }
}

std::string complaint_of(const std::string& fields) {
  return complaint(R"([{"traceId":"a","id":"b",)" + fields + "}]");
}

constexpr char kIds[] = R"("traceId":"000000000000000a","id":"000000000000000b")";

TEST(Span, AllFieldsInZipkinsOrder) {
  std::string text =
      R"({"traceId":"463ac35c9f6413ad48485a3953bb6124","parentId":"00000000000000a0","id":"00000000000000a1",)"
      R"("kind":"CLIENT","name":"get /users","timestamp":1795603572000000,"duration":207000,)"
      R"("localEndpoint":{"serviceName":"front end","ipv4":"127.0.0.1","port":80},)"
      R"("remoteEndpoint":{"serviceName":"back","ipv4":"192.168.99.101","port":9000},)"
      R"("annotations":[{"timestamp":1,"value":"zz"},{"timestamp":2,"value":"<b>"}],)"
      R"("tags":{"a":"1","b":"é\u0001\n\"\\/"},"debug":true})";
  EXPECT_EQ(to_json(parse_span(text)), text);
  EXPECT_EQ(again(text.substr(1, text.size() - 2)), text);
}

TEST(Span, IsMadeNormal) {
  EXPECT_EQ(again(R"("traceId":"a","id":"b")"), std::string("{") + kIds + "}");
  EXPECT_EQ(again(R"("traceId":"0000000000000000000000000000000a","id":"b")"), std::string("{") + kIds + "}");
  EXPECT_THAT(again(R"("traceId":"1000000000000000a","id":"b")"), HasSubstr("0000000000000001000000000000000a"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"name":"GET /X","localEndpoint":{"serviceName":"USER"})"),
              HasSubstr(R"("name":"get /x","localEndpoint":{"serviceName":"user"})"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"annotations":[{"timestamp":2,"value":"b"},{"timestamp":1,"value":"a"},{"timestamp":2,"value":"b"}])"),
              HasSubstr(R"("annotations":[{"timestamp":1,"value":"a"},{"timestamp":2,"value":"b"}])"));
}

TEST(Span, EmptyFieldsAreAbsent) {
  std::string bare = std::string("{") + kIds + "}";
  for (const char* field :
       {R"("parentId":null)", R"("parentId":"0")", R"("parentId":"b")", R"("name":"")", R"("timestamp":0)", R"("timestamp":-1)",
        R"("duration":0)", R"("duration":-5)", R"("localEndpoint":{})", R"("localEndpoint":{"serviceName":"","port":0})",
        R"("remoteEndpoint":null)", R"("annotations":[])", R"("tags":{})", R"("debug":false)", R"("shared":false)",
        R"("kind":null)", R"("other":{"a":[1,[2]]})", R"("localEndpoint":{"ipv4":"host","port":-1,"x":1})"}) {
    EXPECT_EQ(again(std::string(kIds) + "," + field), bare) << field;
  }
}

TEST(Span, ReadsWhatReportersSend) {
  EXPECT_THAT(again(std::string(kIds) + R"(,"timestamp":"12")"), HasSubstr(R"("timestamp":12)"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"timestamp":1e3)"), HasSubstr(R"("timestamp":1000)"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"name":5)"), HasSubstr(R"("name":"5")"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"tags":{"a":1,"":"x"})"), HasSubstr(R"("tags":{"":"x","a":"1"})"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"annotations":[{"timestamp":-5,"value":"","x":1}])"),
              HasSubstr(R"([{"timestamp":-5,"value":""}])"));
  EXPECT_TRUE(parse_spans("[]").empty());
  EXPECT_EQ(parse_spans(R"([{"traceId":"1","id":"1"},{"traceId":"1","id":"2"}])").size(), 2u);
}

TEST(Span, Addresses) {
  auto ip = [](const std::string& field, const std::string& text) {
    Span span = parse_spans(std::string("[{") + kIds + R"(,"localEndpoint":{")" + field + "\":\"" + text + "\"}}]")[0];
    return span.local.ipv4 + "|" + span.local.ipv6;
  };
  EXPECT_EQ(ip("ipv6", "2001:DB8:0:0::C001"), "|2001:db8::c001");
  EXPECT_EQ(ip("ipv6", "::ffff:1.2.3.4"), "1.2.3.4|");
  EXPECT_EQ(ip("ipv4", "::1"), "|::1");
  EXPECT_EQ(ip("ipv6", "10.0.0.1"), "10.0.0.1|");
  EXPECT_EQ(ip("ipv4", "1.2.3"), "|");
}

TEST(Span, OnlyTheServersSideIsShared) {
  EXPECT_THAT(again(std::string(kIds) + R"(,"kind":"SERVER","shared":true)"), HasSubstr(R"("shared":true)"));
  EXPECT_THAT(again(std::string(kIds) + R"(,"kind":"CLIENT","shared":true)"), Not(HasSubstr("shared")));
}

TEST(Span, SaysWhatIsWrong) {
  EXPECT_THAT(complaint("{}"), HasSubstr("list of spans"));
  EXPECT_THAT(complaint("null"), HasSubstr("list of spans"));
  EXPECT_THAT(complaint("x"), HasSubstr("not JSON: error at byte 1"));
  EXPECT_THAT(complaint("[1]"), HasSubstr("span 0: must be an object"));
  EXPECT_THAT(complaint(R"([[{"traceId":"a","id":"b"}]])"), HasSubstr("span 0: must be an object"));
  EXPECT_THAT(complaint(R"([{"traceId":"a","id":"b"})"), HasSubstr("not JSON"));
  EXPECT_THAT(complaint(R"([{"traceId":"a","id":"b"}]x)"), HasSubstr("not JSON"));
  EXPECT_THAT(complaint("[{\"traceId\":\"a\",\"id\":\"b\",\"name\":\"\xff\"}]"), HasSubstr("not JSON"));
  EXPECT_THAT(complaint("[{}]"), HasSubstr("span 0: traceId: is missing"));
  EXPECT_THAT(complaint(R"([{"traceId":"a","id":"b"},{"traceId":"a"}])"), HasSubstr("span 1: id: is missing"));
  EXPECT_THAT(complaint(R"([{"traceId":null,"id":"b"}])"), HasSubstr("traceId: must be a string, not null"));
  EXPECT_THAT(complaint(R"([{"traceId":"","id":"b"}])"), HasSubstr("traceId: is empty"));
  EXPECT_THAT(complaint(R"([{"traceId":"00","id":"b"}])"), HasSubstr("traceId: is all zeros"));
  EXPECT_THAT(complaint(R"([{"traceId":"a","id":"0"}])"), HasSubstr("id: is all zeros"));
  EXPECT_THAT(complaint(R"([{"traceId":"A","id":"b"}])"), HasSubstr("\"A\" is not lower-case hexadecimal"));
  EXPECT_THAT(complaint(R"([{"traceId":"000000000000000000000000000000001","id":"b"}])"), HasSubstr("longer than 32"));
  EXPECT_THAT(complaint_of(R"("parentId":"")"), HasSubstr("parentId: is empty"));
  EXPECT_THAT(complaint_of(R"("kind":"server")"), HasSubstr("\"server\" is none of CLIENT"));
  EXPECT_THAT(complaint_of(R"("timestamp":1.5)"), HasSubstr("timestamp: must be a 64-bit whole number"));
  EXPECT_THAT(complaint_of(R"("timestamp":99999999999999999999)"), HasSubstr("timestamp"));
  EXPECT_THAT(complaint_of(R"("duration":"1x")"), HasSubstr("duration: \"1x\""));
  EXPECT_THAT(complaint_of(R"("name":true)"), HasSubstr("name: must be a string, not boolean"));
  EXPECT_THAT(complaint_of(R"("tags":{"a":null})"), HasSubstr("tag \"a\": must be a string"));
  EXPECT_THAT(complaint_of(R"("tags":{"a":{}})"), HasSubstr("tag \"a\""));
  EXPECT_THAT(complaint_of(R"("tags":[])"), HasSubstr("tags: must be an object"));
  EXPECT_THAT(complaint_of(R"("annotations":[{"value":"a"}])"), HasSubstr("annotations"));
  EXPECT_THAT(complaint_of(R"("annotations":[1])"), HasSubstr("annotations"));
  EXPECT_THAT(complaint_of(R"("debug":"true")"), HasSubstr("debug: must be true or false"));
  EXPECT_THAT(complaint_of(R"("localEndpoint":{"port":70000})"), HasSubstr("port: 70000 is above 65535"));
  EXPECT_THAT(complaint_of(R"("localEndpoint":[])"), HasSubstr("localEndpoint: must be an object"));
}

TEST(Span, DeepNestingIsNoRecursion) {
  std::string deep(200'000, '[');
  EXPECT_THAT(complaint_of("\"x\":" + deep), HasSubstr("not JSON"));
  EXPECT_EQ(complaint_of("\"x\":" + deep + std::string(200'000, ']')), "");
}

TEST(TraceId, IsNormalAndItsRightHalfIsShared) {
  EXPECT_EQ(normal_trace_id("1"), "0000000000000001");
  EXPECT_EQ(normal_trace_id("00000000000000000000000000000001"), "0000000000000001");
  EXPECT_EQ(normal_trace_id("463ac35c9f6413ad48485a3953bb6124"), "463ac35c9f6413ad48485a3953bb6124");
  EXPECT_EQ(low_trace_id("463ac35c9f6413ad48485a3953bb6124"), "48485a3953bb6124");
  EXPECT_EQ(low_trace_id("48485a3953bb6124"), "48485a3953bb6124");
}

}  // namespace
}  // namespace tracing
