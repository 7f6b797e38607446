#include "lib/http_server.h"

#include <atomic>

#include "tests/peer.h"

namespace shop {
namespace {

using namespace std::chrono_literals;

Response echo(const Request& request) {
  if (request.target == "/throw") throw std::runtime_error("as asked");
  Response response;
  response.body = request.method + " " + request.target + " [" + request.body + "]";
  return response;
}

class Server : public ::testing::Test {
 protected:
  void begin(ServerSettings settings = {}, HttpServer::Handler handler = echo) {
    server_ = std::make_unique<HttpServer>(settings, handler);
    server_->start();
  }
  Socket connect() {
    bool refused = false;
    Socket socket = Socket::connected(server_->port(), refused);
    EXPECT_FALSE(refused);
    return socket;
  }
  std::string ask(const std::string& text) {
    Socket socket = connect();
    write_all(socket.get(), text);
    return read_until(socket.get());
  }
  std::unique_ptr<HttpServer> server_;
};

const std::string kEnd = "Host: x\r\nConnection: close\r\n\r\n";

TEST_F(Server, StatusOfWhatComes) {
  begin();
  std::string big_header = "GET / HTTP/1.1\r\nX: " + std::string(17 << 10, 'a');
  struct Case { std::string request, status; };
  for (const Case& c : std::vector<Case>{
           {"GET /a HTTP/1.1\r\n" + kEnd, "200"},
           {"GET /throw HTTP/1.1\r\n" + kEnd, "500"},
           {"GET  /a HTTP/1.1\r\n" + kEnd, "400"},
           {"GET /a HTTP/2.0\r\n" + kEnd, "400"},
           {"GET a HTTP/1.1\r\n" + kEnd, "400"},
           {"GET /a HTTP/1.1\r\n\r\n", "400"},
           {"GET /a HTTP/1.1\r\nA : b\r\n" + kEnd, "400"},
           {"GET /a HTTP/1.1\r\n folded\r\n" + kEnd, "400"},
           {"GET /a HTTP/1.1\r\nA: b\nc\r\n" + kEnd, "400"},
           {"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + kEnd + "ab", "400"},
           {"POST /a HTTP/1.1\r\nContent-Length: -1\r\n" + kEnd, "400"},
           {"POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" + kEnd, "400"},
           {"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "1\r\na\r\n0\r\n\r\n", "200"},
           {"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "g\r\n", "400"},
           {"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "10001\r\n", "413"},
           {"POST /a HTTP/1.1\r\nContent-Length: 65537\r\n" + kEnd, "413"},
           {big_header, "431"},
           {big_header + "\r\n\r\n", "431"}}) {
    std::string answer = ask(c.request);
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + c.status) << c.request.substr(0, 80);
  }
}

TEST_F(Server, ClientThatIsRefusedInTheMiddleOfTenMebibytesReadsTheReason) {
  begin();
  std::string answer = ask("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n" + std::string(10 << 20, 'a'));
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 413");
  EXPECT_NE(answer.find("{\"error\":"), std::string::npos);
}

TEST_F(Server, OneConnectionTakesManyRequestsInAnyPieces) {
  begin();
  Socket fd = connect();
  for (char c : std::string("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")) write_all(fd.get(), {&c, 1});
  EXPECT_NE(read_until(fd.get(), "]").find("POST /x [abc]"), std::string::npos);
  write_all(fd.get(), "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string both = read_until(fd.get(), "GET /2 []");
  EXPECT_NE(both.find("GET /1 []"), std::string::npos);
  EXPECT_NE(both.find("GET /2 []"), std::string::npos);
}

TEST_F(Server, HeadHasTheLengthAndNoBody) {
  begin();
  std::string answer = ask("HEAD /a HTTP/1.1\r\n" + kEnd);
  EXPECT_NE(answer.find("Content-Length: 9\r\n"), std::string::npos);
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
}

TEST_F(Server, ClientThatExpectsTheGoAheadGetsIt) {
  begin();
  Socket fd = connect();
  write_all(fd.get(), "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(read_until(fd.get(), "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  write_all(fd.get(), "z");
  EXPECT_NE(read_until(fd.get(), "]").find("POST /a [z]"), std::string::npos);
}

TEST_F(Server, SlowClientIsClosedAlthoughItSendsAByteNowAndThen) {
  ServerSettings settings;
  settings.request_time = 200ms;
  begin(settings);
  Socket slow = connect(), silent = connect();
  bool closed = false;
  for (int i = 0; i < 300 && !closed; ++i) {
    write_all(slow.get(), "G");
    closed = wait_for(slow.get(), POLLIN, soon(20));
  }
  EXPECT_TRUE(closed);
  EXPECT_EQ(read_until(silent.get()), "");
}

TEST_F(Server, ReaderThatDoesNotReadDoesNotHoldAThread) {
  ServerSettings settings;
  settings.threads = 1;
  begin(settings, [](const Request& request) {
    Response response;
    response.body = request.target == "/big" ? std::string(32 << 20, 'b') : "small";
    return response;
  });
  Socket stuck = connect();
  write_all(stuck.get(), "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(wait_for(stuck.get(), POLLIN, soon()));
  EXPECT_NE(ask("GET /small HTTP/1.1\r\n" + kEnd).find("small"), std::string::npos);
}

TEST_F(Server, OneConnectionTooManyIsToldSo) {
  ServerSettings settings;
  settings.max_connections = 1;
  begin(settings);
  Socket first = connect();
  write_all(first.get(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  read_until(first.get(), "]");
  Socket second = connect();
  EXPECT_EQ(read_until(second.get()).substr(0, 12), "HTTP/1.1 503");
}

TEST_F(Server, StopLetsTheRunningRequestFinishAndClosesIdleConnections) {
  std::atomic<bool> entered = false, may_end = false;
  begin({}, [&](const Request& request) {
    entered = request.target == "/slow";
    while (entered && !may_end) std::this_thread::sleep_for(1ms);
    return Response{200, "done", "text/plain", {}};
  });
  uint16_t port = server_->port();
  Socket idle = connect(), busy = connect();
  write_all(busy.get(), "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!entered) std::this_thread::sleep_for(1ms);
  std::thread stopper([&] { server_->stop(); });
  EXPECT_EQ(read_until(idle.get()), "");
  may_end = true;
  std::string answer = read_until(busy.get());
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_NE(answer.find("done"), std::string::npos);
  stopper.join();
  bool refused = false;
  Socket::connected(port, refused);
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace shop
