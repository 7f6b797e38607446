// The server for real, on a port of its own. What Zipkin 3.4 answers to the same requests was looked at with the real
// one; tests/examples/zipkin_same_test.sh compares the two.
#include "src/api.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "src/page.h"
#include "tests/make.h"

namespace tracing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class Served : public ::testing::Test {
 protected:
  explicit Served(Settings settings = {}) : settings_(std::move(settings)) {
    settings_.tag_keys = {"env"};
    intake_ = std::make_unique<Intake>(
        std::make_unique<ArchiveWriter>(folder_.file(), settings_.bounds, settings_.tag_keys), kMaxBody);
    readers_ = std::make_unique<ReaderPool>(folder_.file(), 2);
    mount(server_, {*intake_, *readers_, settings_});
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    client_ = std::make_unique<httplib::Client>("127.0.0.1", port_);
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
  }
  ~Served() override {
    client_.reset();
    server_.stop();
    thread_.join();
  }

  int status(const std::string& path) { return client_->Get(path)->status; }
  Json get(const std::string& path) {
    auto result = client_->Get(path);
    EXPECT_EQ(result->status, 200) << path << ": " << result->body;
    EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
    return Json::parse(result->body);
  }
  httplib::Result post(const std::string& body, const httplib::Headers& headers = {}) {
    return client_->Post("/api/v2/spans", headers, body, "application/json");
  }
  void put(const Trace& spans) {
    std::string list;
    for (const Span& span : spans) list += (list.empty() ? "[" : ",") + to_json(span);
    ASSERT_EQ(post(list + "]")->status, 202);
  }
  // The head of what the server says to these bytes.
  std::string raw(const std::string& bytes) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    size_t sent = 0;
    while (sent < bytes.size()) {
      ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    timeval patience{3, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string answer;
    char buffer[4096];
    while (answer.find("\r\n\r\n") == std::string::npos) {
      ssize_t n = recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      answer.append(buffer, static_cast<size_t>(n));
    }
    close(fd);
    return answer;
  }

  // Three services: gateway -> user -> order, the last call failed.
  Trace shop(int trace = 1) {
    int64_t t = now_us() - 50'000;  // a query ends at the last whole millisecond
    auto at = [&](Of of) {
      of.trace = trace;
      of.timestamp = of.shared ? 0 : t + of.id;
      of.duration = 1000 / of.id;
      return make(of);
    };
    return {at({.id = 1, .kind = Kind::server, .service = "gateway", .name = "get"}),
            at({.id = 2, .parent = 1, .kind = Kind::client, .service = "gateway", .remote = "user", .name = "get"}),
            at({.id = 2, .parent = 1, .kind = Kind::server, .service = "user", .name = "get /users", .tags = {{"env", "dev"}}, .shared = true}),
            at({.id = 3, .parent = 2, .kind = Kind::client, .service = "user", .name = "get", .tags = {{"error", "503"}}}),
            at({.id = 3, .parent = 2, .kind = Kind::server, .service = "order", .name = "get /orders", .tags = {{"error", "503"}}, .shared = true})};
  }

  Settings settings_;
  Folder folder_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<ReaderPool> readers_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  std::unique_ptr<httplib::Client> client_;
};

class Api : public Served {};

TEST_F(Api, EmptyAnswers) {
  for (const char* path : {"services", "spans?serviceName=x", "remoteServices?serviceName=x", "traces", "dependencies?endTs=1",
                           "autocompleteValues?key=env", "traceMany?traceIds=1,2"}) {
    EXPECT_EQ(get(std::string("/api/v2/") + path), Json::array()) << path;
  }
  EXPECT_EQ(get("/api/v2/autocompleteKeys"), Json::parse(R"(["env"])"));
}

TEST_F(Api, WhatIsPostedIsFoundAtOnce) {
  Trace trace = shop();
  put(trace);
  EXPECT_EQ(get("/api/v2/services"), Json::parse(R"(["gateway","order","user"])"));
  EXPECT_EQ(get("/api/v2/spans?serviceName=USER"), Json::parse(R"(["get","get /users"])"));
  EXPECT_EQ(get("/api/v2/remoteServices?serviceName=gateway"), Json::parse(R"(["user"])"));
  EXPECT_EQ(get("/api/v2/autocompleteValues?key=env"), Json::parse(R"(["dev"])"));
  Json found = get("/api/v2/traces?serviceName=order");
  ASSERT_EQ(found.size(), 1u);
  ASSERT_EQ(found[0].size(), 5u);
  EXPECT_EQ(found[0][0], Json::parse(to_json(trace[0])));
  EXPECT_EQ(get("/api/v2/trace/" + id(1)), found[0]);
  EXPECT_EQ(get("/zipkin/api/v2/trace/1"), found[0]);
  EXPECT_EQ(get("/api/v2/traces?serviceName=user&annotationQuery=error%20and%20env%3Ddev").size(), 1u);
  EXPECT_EQ(get("/api/v2/traces?annotationQuery=nothing").size(), 0u);
  EXPECT_EQ(get("/api/v2/traces?minDuration=1000").size(), 1u);
  EXPECT_EQ(get("/api/v2/traces?minDuration=1001").size(), 0u);
  std::string end = std::to_string(now_us() / 1000 + 1000);
  EXPECT_EQ(get("/api/v2/dependencies?endTs=" + end),
            Json::parse(R"([{"parent":"gateway","child":"user","callCount":1},{"parent":"user","child":"order","callCount":1,"errorCount":1}])"));
  EXPECT_EQ(get("/api/v2/dependencies?lookback=1&endTs=1000"), Json::array());
}

TEST_F(Api, LimitAndMany) {
  for (int n = 1; n <= 12; ++n) put(shop(n));
  EXPECT_EQ(get("/api/v2/traces").size(), 10u);
  EXPECT_EQ(get("/api/v2/traces?limit=3").size(), 3u);
  EXPECT_EQ(get("/api/v2/traceMany?traceIds=1,2,77").size(), 2u);
}

TEST_F(Api, RefusesWithAReason) {
  std::map<std::string, std::string> refused{
      {"spans", "serviceName"}, {"remoteServices", "serviceName"}, {"autocompleteValues", "key"}, {"autocompleteValues?key=", "key"},
      {"dependencies", "endTs"}, {"dependencies?endTs=0", "endTs"}, {"dependencies?endTs=a", "endTs"},
      {"dependencies?endTs=1&lookback=0", "lookback"}, {"traces?limit=0", "limit"}, {"traces?limit=x", "limit"},
      {"traces?endTs=0", "endTs"}, {"traces?lookback=-1", "lookback"}, {"traces?maxDuration=1", "minDuration"},
      {"traces?minDuration=2&maxDuration=1", "maxDuration"}, {"trace/zz", "traceId"}, {"trace/0", "zeros"},
      {"trace/000000000000000000000000000000001", "32"}, {"traceMany", "traceIds"}, {"traceMany?traceIds=", "empty"},
      {"traceMany?traceIds=1", "single"}, {"traceMany?traceIds=1,01", "twice"}, {"traceMany?traceIds=1,zz", "hexadecimal"}};
  for (const auto& [path, reason] : refused) {
    auto result = client_->Get("/api/v2/" + path);
    EXPECT_EQ(result->status, 400) << path;
    EXPECT_THAT(result->body, HasSubstr(reason)) << path;
  }
  for (const char* path : {"/api/v2/trace/1", "/api/v2/trace/", "/api/v2/nosuch", "/nosuch", "/config.json", "/zipkin/../etc/passwd"}) {
    EXPECT_EQ(status(path), 404) << path;
  }
}

TEST_F(Api, TraceIdsAreStrict) {
  Span span = shop()[0];
  span.trace_id = "463ac35c9f6413ad48485a3953bb6124";
  put({span});
  EXPECT_EQ(status("/api/v2/trace/463ac35c9f6413ad48485a3953bb6124"), 200);
  EXPECT_EQ(status("/api/v2/trace/48485a3953bb6124"), 404);
  put({shop()[0]});
  for (const char* same : {"1", "0000000000000001", "00000000000000000000000000000001"}) {
    EXPECT_EQ(status(std::string("/api/v2/trace/") + same), 200);
  }
}

TEST_F(Api, TakesSpans) {
  EXPECT_EQ(post("[]")->status, 202);
  EXPECT_EQ(post("")->status, 202);
  EXPECT_EQ(post(R"([{"traceId":"1","id":"1"}])")->body, "");
  EXPECT_EQ(post(gzip(R"([{"traceId":"2","id":"1"}])"), {{"Content-Encoding", "gzip"}})->status, 202);
  EXPECT_EQ(client_->Post("/zipkin/api/v2/spans", R"([{"traceId":"3","id":"1"}])", "text/plain")->status, 202);
  for (const char* trace : {"1", "2", "3"}) EXPECT_EQ(status(std::string("/api/v2/trace/") + trace), 200) << trace;
  for (const char* bad : {"{}", "x", "[{}]", "[1]", R"([{"traceId":"1","id":"1"},{"traceId":"1"}])", "null"}) {
    auto result = post(bad);
    EXPECT_EQ(result->status, 400) << bad;
    EXPECT_NE(result->body, "") << bad;
  }
  Json metrics = get("/metrics");
  EXPECT_EQ(metrics["counter.zipkin_collector.messages.http"], 11);
  EXPECT_EQ(metrics["counter.zipkin_collector.messages_dropped.http"], 6);
  EXPECT_EQ(metrics["counter.zipkin_collector.spans.http"], 3);
  EXPECT_EQ(metrics["gauge.tracing.stored_spans"], 3);
}

TEST_F(Api, ABadSpanTakesItsWholeMessageAlong) {
  post(R"([{"traceId":"5","id":"1"},{"traceId":"5","id":"!"}])");
  EXPECT_EQ(status("/api/v2/trace/5"), 404);
}

TEST_F(Api, SizesAreBounded) {
  std::string padding(kMaxBody, ' ');
  EXPECT_EQ(post("[]" + padding)->status, 413);
  EXPECT_EQ(post(gzip("[]" + padding + padding), {{"Content-Encoding", "gzip"}})->status, 413);
  std::string span = R"([{"traceId":"1","id":"1","name":")" + std::string(kMaxSpanBytes, 'x') + R"("}])";
  auto result = post(span);
  EXPECT_EQ(result->status, 400);
  EXPECT_THAT(result->body, HasSubstr("is larger than"));
  EXPECT_EQ(status("/health"), 200);
}

TEST_F(Api, BrokenCompressionIsToldApart) {
  std::string packed = gzip(R"([{"traceId":"1","id":"1"}])");
  EXPECT_EQ(post("not gzip", {{"Content-Encoding", "gzip"}})->status, 400);
  EXPECT_EQ(post(packed.substr(0, packed.size() / 2), {{"Content-Encoding", "gzip"}})->status, 400);
  EXPECT_EQ(post("[]", {{"Content-Encoding", "br"}})->status, 415);
  EXPECT_EQ(client_->Post("/api/v2/spans", "x", "application/x-protobuf")->status, 415);
  EXPECT_EQ(status("/api/v2/trace/1"), 404);
}

TEST_F(Api, HostileRequestsLeaveItServing) {
  // A chunked body has no length to look at.
  std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  std::string endless;
  for (int n = 0; n < 100; ++n) endless += chunk;
  std::string head = " HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(raw("POST /api/v2/spans" + head + endless + "0\r\n\r\n"), HasSubstr("413"));
  for (const char* start : {"POST /nosuch", "PUT /api/v2/spans", "PRI *", "DELETE /zipkin/", "OPTIONS /api/v2/services"}) {
    EXPECT_THAT(raw(start + std::string(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), HasSubstr("404")) << start;
  }
  EXPECT_THAT(raw("GET /api/v2/trace/" + std::string(7000, 'a') + " HTTP/1.1\r\nConnection: close\r\n\r\n"), HasSubstr("400"));
  EXPECT_THAT(raw("GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nConnection: close\r\n\r\n"), HasSubstr("414"));
  raw("garbage\r\n\r\n");
  raw(std::string(100'000, '\0'));
  raw("POST /api/v2/spans HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n[]");
  raw("POST /api/v2/spans HTTP/1.1\r\nContent-Length: 100\r\n\r\n[");
  EXPECT_EQ(client_->Get("/zipkin/app.js", {{"Range", "bytes=0-,0-,0-,0-,0-"}})->status, 416);
  EXPECT_EQ(post("[]", {{"Sec-Fetch-Site", "cross-site"}})->status, 403);
  EXPECT_EQ(get("/api/v2/services"), Json::array());
}

TEST_F(Api, TextFromSpansComesBackAsItWas) {
  Span span = shop()[0];
  span.local.service = "'; drop table spans; --";
  span.name = "<script>alert(1)</script>";
  span.tags = {{std::string("nul\0 in", 7), "\xf0\x9f\x98\x80 \"\\ </script>"}};
  put({span});
  EXPECT_EQ(get("/api/v2/services"), Json::array({span.local.service}));
  EXPECT_EQ(get("/api/v2/spans?serviceName=%27%3B%20drop%20table%20spans%3B%20--"), Json::array({span.name}));
  EXPECT_EQ(get("/api/v2/trace/1")[0]["tags"], Json(span.tags));
}

TEST_F(Api, HealthInfoConfig) {
  EXPECT_EQ(get("/health")["status"], "UP");
  EXPECT_EQ(get("/health")["zipkin"]["status"], "UP");
  EXPECT_TRUE(get("/info")["zipkin"]["version"].is_string());
  Json config = get("/zipkin/config.json");
  EXPECT_EQ(config["queryLimit"], 10);
  EXPECT_EQ(config["defaultLookback"], 900000);
  EXPECT_EQ(config["dependency"]["lowErrorRate"], 0.5);
}

TEST_F(Api, ThePage) {
  for (const char* path : {"/", "/zipkin"}) {
    auto result = client_->Get(path);
    EXPECT_EQ(result->status, 302);
    EXPECT_EQ(result->get_header_value("Location"), "/zipkin/");
  }
  for (const char* path : {"/zipkin/", "/zipkin/dependency", "/zipkin/traces/000000000000000a"}) {
    auto result = client_->Get(path);
    EXPECT_EQ(result->status, 200) << path;
    EXPECT_EQ(result->body, page_files()[0].content);
    EXPECT_EQ(result->get_header_value("Content-Type"), "text/html; charset=utf-8");
    EXPECT_THAT(result->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_THAT(result->get_header_value("Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_EQ(result->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_FALSE(result->has_header("Access-Control-Allow-Origin"));
  }
  for (const PageFile& file : page_files().subspan(1)) {
    std::string path = "/zipkin/" + std::string(file.name);
    EXPECT_EQ(client_->Get(path)->body, file.content) << path;
    EXPECT_EQ(client_->Get(path)->get_header_value("Content-Type"), file.type) << path;
    EXPECT_EQ(client_->Get(path, {{"Accept-Encoding", "gzip"}})->body, file.content) << path;
  }
  EXPECT_EQ(client_->Get("/zipkin/app.j")->status, 404);
  EXPECT_EQ(client_->Get("/zipkin/index.html")->status, 404);
}

struct Small : Served {
  static Settings few() {
    Settings settings;
    settings.bounds.spans = 10;
    return settings;
  }
  Small() : Served(few()) {}
};

TEST_F(Small, OldTracesMakeRoom) {
  for (int n = 1; n <= 5; ++n) put(shop(n));
  EXPECT_EQ(get("/api/v2/traces").size(), 2u);
  EXPECT_EQ(status("/api/v2/trace/3"), 404);
  EXPECT_EQ(status("/api/v2/trace/4"), 200);
}

}  // namespace
}  // namespace tracing
