#include "src/dependency.h"

#include <gmock/gmock.h>

#include "src/merge.h"
#include "src/tree.h"
#include "tests/make.h"

namespace tracing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "parent>child calls/errors", sorted.
std::vector<std::string> links(std::vector<Trace> traces) {
  Dependencies dependencies;
  for (Trace& trace : traces) dependencies.add(std::move(trace));
  std::vector<std::string> result;
  for (const auto& [names, calls] : dependencies.links()) {
    result.push_back(names.first + ">" + names.second + " " + std::to_string(calls.count) + "/" + std::to_string(calls.errors));
  }
  return result;
}

std::vector<std::string> links_of(const Trace& trace) { return links({trace}); }

Of client(int id, int parent, const char* service, const char* remote = "") {
  return {.id = id, .parent = parent, .kind = Kind::client, .service = service, .remote = remote};
}
Of server(int id, int parent, const char* service, bool shared = false) {
  return {.id = id, .parent = parent, .kind = Kind::server, .service = service, .shared = shared};
}

TEST(Dependencies, ASharedCallCountsOnce) {
  Trace trace{make(server(1, 0, "gateway")), make(client(2, 1, "gateway", "user")), make(server(2, 1, "user", true)),
              make(client(3, 2, "user")), make(server(3, 2, "order", true))};
  EXPECT_THAT(links_of(trace), ElementsAre("gateway>user 1/0", "user>order 1/0"));
  EXPECT_THAT(links({trace, trace}), ElementsAre("gateway>user 2/0", "user>order 2/0"));
}

TEST(Dependencies, TheSharedFlagMayBeMissing) {
  EXPECT_THAT(links_of({make(client(1, 0, "a")), make(server(1, 0, "b"))}), ElementsAre("a>b 1/0"));
}

TEST(Dependencies, ACallInTwoSpansCountsOnce) {
  EXPECT_THAT(links_of({make(client(1, 0, "a")), make(server(2, 1, "b"))}), ElementsAre("a>b 1/0"));
}

TEST(Dependencies, TheOrderOfArrivalDoesNotMatter) {
  Trace trace{make(server(3, 2, "c", true)), make(client(3, 2, "b")), make(server(2, 1, "b", true)), make(client(2, 1, "a")),
              make(server(1, 0, "a"))};
  EXPECT_THAT(links_of(trace), ElementsAre("a>b 1/0", "b>c 1/0"));
}

TEST(Dependencies, WhatIsNotTracedIsNamedByTheClient) {
  EXPECT_THAT(links_of({make(server(1, 0, "user")), make(client(2, 1, "user", "mysql"))}), ElementsAre("user>mysql 1/0"));
  EXPECT_THAT(links_of({make(client(1, 0, "a"))}), IsEmpty());
  // The server knows its name better than its client does.
  EXPECT_THAT(links_of({make(client(1, 0, "a", "wrong")), make(server(1, 0, "b", true))}), ElementsAre("a>b 1/0"));
}

TEST(Dependencies, LocalWorkBetweenCallsIsPassedOver) {
  EXPECT_THAT(links_of({make(server(1, 0, "a")), make({.id = 2, .parent = 1, .service = "a"}), make(client(3, 2, "", "db"))}),
              ElementsAre("a>db 1/0"));
}

TEST(Dependencies, WithoutKindBothSidesMustBeNamed) {
  EXPECT_THAT(links_of({make({.service = "a", .remote = "b"})}), ElementsAre("a>b 1/0"));
  EXPECT_THAT(links_of({make({.service = "a"})}), IsEmpty());
}

TEST(Dependencies, MessagesLinkToTheirBroker) {
  Trace trace{make({.id = 1, .kind = Kind::producer, .service = "order", .remote = "kafka"}),
              make({.id = 2, .parent = 1, .kind = Kind::consumer, .service = "catalog", .remote = "kafka"})};
  EXPECT_THAT(links_of(trace), ElementsAre("kafka>catalog 1/0", "order>kafka 1/0"));
  trace[0].remote = trace[1].remote = {};
  EXPECT_THAT(links_of(trace), IsEmpty());
}

TEST(Dependencies, Errors) {
  Trace trace{make(client(1, 0, "a")), make(server(1, 0, "b", true))};
  trace[1].tags["error"] = "";
  EXPECT_THAT(links_of(trace), ElementsAre("a>b 1/1"));
  Trace split{make(client(1, 0, "a")), make(server(2, 1, "b"))};
  split[0].tags["error"] = "timeout";
  EXPECT_THAT(links_of(split), ElementsAre("a>b 1/1"));
  // Zipkin does not look at the client's half of a shared id when the server's half is there.
  Trace shared{make(server(9, 0, "a")), make(client(1, 9, "a")), make(server(1, 9, "b", true))};
  shared[1].tags["error"] = "timeout";
  EXPECT_THAT(links_of(shared), ElementsAre("a>b 1/0"));
}

TEST(Dependencies, ARootServerNamesItsClientOrNone) {
  EXPECT_THAT(links_of({make(server(1, 0, "a"))}), IsEmpty());
  Of of = server(1, 0, "a");
  of.remote = "browser";
  EXPECT_THAT(links_of({make(of)}), ElementsAre("browser>a 1/0"));
}

TEST(Dependencies, AClientUnderAnotherNameIsAStepOfItsOwn) {
  EXPECT_THAT(links_of({make(server(1, 0, "a")), make(client(2, 1, "b", "c"))}), ElementsAre("a>b 1/0", "b>c 1/0"));
}

TEST(Dependencies, CirclesEnd) {
  EXPECT_THAT(links_of({make(client(1, 2, "a", "b")), make(client(2, 1, "b", "a"))}), IsEmpty());
  Span self = make(server(1, 0, "a", true));
  self.parent_id = self.id;
  EXPECT_THAT(links_of({self, self}), IsEmpty());
}

TEST(Dependencies, MissingParentsHangBelowTheRoot) {
  EXPECT_THAT(links_of({make(server(1, 0, "a")), make(server(9, 8, "b"))}), ElementsAre("a>b 1/0"));
  EXPECT_THAT(links_of({make(server(9, 8, "b")), make(client(7, 6, "c", "d"))}), ElementsAre("c>d 1/0"));
}

TEST(Dependencies, Json) {
  Dependencies dependencies;
  EXPECT_EQ(dependencies.to_json(), "[]");
  dependencies.add({make(client(1, 0, "a", "b"))});
  EXPECT_EQ(dependencies.to_json(), R"([{"parent":"a","child":"b","callCount":1}])");
  Span failed = make(client(1, 0, "a", "b"));
  failed.tags["error"] = "x";
  dependencies.add({failed});
  EXPECT_EQ(dependencies.to_json(), R"([{"parent":"a","child":"b","callCount":2,"errorCount":1}])");
}

TEST(Merge, PiecesBecomeOneSpan) {
  Span start = make({.kind = Kind::client, .service = "a", .name = "get", .timestamp = 5, .tags = {{"x", "1"}}});
  start.annotations = {{7, "late"}};
  Span end = make({.remote = "b", .name = "other", .duration = 3, .tags = {{"x", "2"}, {"y", "3"}}});
  end.annotations = {{6, "early"}};
  Trace result = merged({start, end});
  ASSERT_EQ(result.size(), 1u);
  // The span without an endpoint sorts behind the client; its tags come last.
  EXPECT_EQ(to_json(result[0]),
            R"({"traceId":"0000000000000001","id":"0000000000000001","kind":"CLIENT","name":"get","timestamp":5,"duration":3,)"
            R"("localEndpoint":{"serviceName":"a"},"remoteEndpoint":{"serviceName":"b"},)"
            R"("annotations":[{"timestamp":6,"value":"early"},{"timestamp":7,"value":"late"}],"tags":{"x":"2","y":"3"}})");
}

TEST(Merge, HostsAreKeptApart) {
  EXPECT_EQ(merged({make({.service = "a"}), make({.service = "b"})}).size(), 2u);
  Span one = make({.service = "a"}), other = make({.service = "a"});
  one.local.port = 1;
  EXPECT_EQ(merged({one, other}).size(), 1u);
  other.local.port = 2;
  EXPECT_EQ(merged({one, other}).size(), 2u);
}

TEST(Merge, TheServersHalfIsMended) {
  Trace result = merged({make(server(2, 0, "b")), make(client(2, 1, "a"))});
  ASSERT_EQ(result.size(), 2u);
  EXPECT_EQ(result[0].kind, Kind::client);
  EXPECT_TRUE(result[1].shared);
  EXPECT_EQ(result[1].parent_id, id(1));
}

TEST(Merge, TheLongestTraceIdWins) {
  Span shorter = make({.id = 1}), longer = make({.id = 2});
  longer.trace_id = "000000000000000a0000000000000001";
  for (const Span& span : merged({shorter, longer})) EXPECT_EQ(span.trace_id, longer.trace_id);
}

}  // namespace
}  // namespace tracing
