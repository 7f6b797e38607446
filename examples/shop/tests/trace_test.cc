#include "lib/trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/zipkin_reporter.h"
#include "tests/peer.h"

namespace shop {
namespace {

struct Recorder {
  std::vector<Span> spans;
  Tracer tracer(double probability) {
    return Tracer(probability, [this](Span&& span) { spans.push_back(std::move(span)); });
  }
};

TEST(Trace, ChildrenHangOnWhatRunsOnTheirThread) {
  Recorder recorder;
  Tracer tracer = recorder.tracer(1);
  {
    ScopedSpan server(tracer, SpanKind::server, "get", {});
    { ScopedSpan query(SpanKind::client, "select", "sqlite"); }
    { ScopedSpan call(SpanKind::client, "get", "order-service"); }
  }
  ASSERT_EQ(recorder.spans.size(), 3u);
  const Span &query = recorder.spans[0], &call = recorder.spans[1], &server = recorder.spans[2];
  EXPECT_EQ(server.context.parent_id, "");
  EXPECT_FALSE(server.shared);
  for (const Span* child : {&query, &call}) {
    EXPECT_EQ(child->context.parent_id, server.context.span_id);
    EXPECT_EQ(child->context.trace_id, server.context.trace_id);
    EXPECT_GE(child->duration, 1);
  }
  EXPECT_NE(query.context.span_id, call.context.span_id);
  EXPECT_EQ(ScopedSpan::current(), nullptr);
}

TEST(Trace, ServerSharesItsCallersSpanAndAConsumerIsItsChild) {
  Recorder recorder;
  Tracer tracer = recorder.tracer(0);
  B3 caller = b3_from_text("463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1-0020000000000001");
  { ScopedSpan server(tracer, SpanKind::server, "get", caller); }
  { ScopedSpan consumer(tracer, SpanKind::consumer, "take", caller); }
  ASSERT_EQ(recorder.spans.size(), 2u);
  EXPECT_TRUE(recorder.spans[0].shared);
  EXPECT_EQ(recorder.spans[0].context.span_id, caller.span_id);
  EXPECT_EQ(recorder.spans[0].context.parent_id, caller.parent_id);
  EXPECT_FALSE(recorder.spans[1].shared);
  EXPECT_EQ(recorder.spans[1].context.parent_id, caller.span_id);
  EXPECT_EQ(recorder.spans[1].context.trace_id, caller.trace_id);
}

TEST(Trace, DecisionIsTakenOnceAndTravels) {
  Recorder recorder;
  Tracer never = recorder.tracer(0), always = recorder.tracer(1);
  std::string sent;
  {
    ScopedSpan server(never, SpanKind::server, "get", {});
    ScopedSpan call(SpanKind::client, "get");
    sent = b3_text(call.context());
  }
  { ScopedSpan downstream(always, SpanKind::server, "get", b3_from_text(sent)); }
  EXPECT_EQ(recorder.spans.size(), 0u);
  EXPECT_EQ(b3_from_text(sent).sampling, Sampling::no);
}

TEST(Trace, JsonIsZipkins) {
  Span span;
  span.context = b3_from_text("463ac35c9f6413ad-a2fb4a1d1a96d312-d-0020000000000001");
  span.kind = SpanKind::client;
  span.name = "get";
  span.remote = "order-service";
  span.timestamp = 1700000000000000;
  span.duration = 12;
  span.tags = {{"http.path", "/\"\\\x01\xff"}, {"error", "no"}};
  auto all = nlohmann::json::parse(spans_json({span, Span{}}, "user-service", 8000));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], nlohmann::json::parse(R"({"traceId":"463ac35c9f6413ad","id":"a2fb4a1d1a96d312","parentId":"0020000000000001",
    "kind":"CLIENT","name":"get","timestamp":1700000000000000,"duration":12,"debug":true,
    "localEndpoint":{"serviceName":"user-service","port":8000},"remoteEndpoint":{"serviceName":"order-service"},
    "tags":{"http.path":"/\"\\??","error":"no"}})"));
}

Span some_span() {
  Span span;
  span.context = b3_from_text("463ac35c9f6413ad-a2fb4a1d1a96d312-1");
  return span;
}

TEST(Reporter, SpansArriveInBatches) {
  std::string got;
  ScriptedServer server(1, [&](int fd, int) {
    got = read_until(fd, "]");
    write_all(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    read_until(fd);
  });
  {
    ZipkinReporter reporter(server.url(), "user-service", 8000);
    for (int i = 0; i < 3; ++i) reporter.add(some_span());
    Deadline end = soon();
    while (reporter.sent() < 3 && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(reporter.sent(), 3u);
    EXPECT_EQ(reporter.dropped(), 0u);
  }
  server.join();
  EXPECT_EQ(got.rfind("POST /api/v2/spans HTTP/1.1\r\n", 0), 0u);
  EXPECT_EQ(nlohmann::json::parse(got.substr(got.find("\r\n\r\n") + 4)).size(), 3u);
}

// A collector that takes the connection and never answers: the queue fills, and what does not fit is counted.
TEST(Reporter, DeadCollectorCostsOnlySpans) {
  ScriptedServer server(1, [&](int fd, int) { read_until(fd); });
  {
    ZipkinReporter reporter(server.url(), "user-service", 8000, 10);
    while (server.accepted() == 0) {
      reporter.add(some_span());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    uint64_t before = reporter.dropped();
    for (int i = 0; i < 1000; ++i) reporter.add(some_span());
    EXPECT_GE(reporter.dropped(), before + 980);
  }
}

}  // namespace
}  // namespace shop
