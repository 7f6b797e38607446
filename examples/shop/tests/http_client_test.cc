#include "lib/http_client.h"

#include "tests/peer.h"

namespace shop {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

Request get(const std::string& method = "GET") {
  Request request;
  request.method = method;
  return request;
}

TEST(HttpClient, ReadsAllFormsOfBodies) {
  struct Case { const char *answer, *body; };
  for (const Case& c : std::vector<Case>{
           {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: v\r\n\r\n", "abc"},
           {"HTTP/1.1 200 OK\r\n\r\nabc", "abc"},
           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
           {"HTTP/1.1 204 No Content\r\n\r\n", ""}}) {
    ScriptedServer server(1, [&](int fd, int) {
      read_until(fd, "\r\n\r\n");
      write_all(fd, c.answer);
    });
    HttpClient client(parse_url(server.url()));
    EXPECT_EQ(client.send(get(), soon()).body, c.body);
  }
}

TEST(HttpClient, WhatIsNoAnswerIsAnError) {
  for (const char* answer : {"", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "SSH-2.0-x\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"}) {
    ScriptedServer server(1, [&](int fd, int) {
      read_until(fd, "\r\n\r\n");
      write_all(fd, answer);
    });
    HttpClient client(parse_url(server.url()));
    EXPECT_THROW(client.send(get(), soon()), CallError) << answer;
  }
}

TEST(HttpClient, ConnectionIsKept) {
  ScriptedServer server(1, [&](int fd, int) {
    for (int i = 0; i < 3; ++i) {
      read_until(fd, "\r\n\r\n");
      write_all(fd, kOk);
    }
  });
  HttpClient client(parse_url(server.url()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(get(), soon()).body, "hi");
  EXPECT_EQ(server.accepted(), 1);
}

// The server takes the second request and closes without a word: a GET is sent again on a new connection, a POST is not.
TEST(HttpClient, OnlyAGetIsSentTwice) {
  for (bool post : {false, true}) {
    ScriptedServer server(post ? 1 : 2, [&](int fd, int n) {
      read_until(fd, "\r\n\r\n");
      write_all(fd, kOk);
      if (n == 0) read_until(fd, "\r\n\r\n");
    });
    HttpClient client(parse_url(server.url()));
    client.send(get(), soon());
    if (post) {
      EXPECT_THROW(client.send(get("POST"), soon()), CallError);
    } else {
      EXPECT_EQ(client.send(get(), soon()).body, "hi");
    }
  }
}

TEST(HttpClient, SilentServerEndsAtTheDeadline) {
  ScriptedServer server(1, [&](int fd, int) { read_until(fd, "never sent"); });
  {
    HttpClient client(parse_url(server.url()));
    try {
      client.send(get(), soon(50));
      FAIL();
    } catch (const CallError& error) {
      EXPECT_TRUE(error.timed_out);
    }
  }
}

TEST(HttpClient, Urls) {
  Url url = parse_url("http://tracing:9411/zipkin/");
  EXPECT_EQ(url.host, "tracing");
  EXPECT_EQ(url.port, 9411);
  EXPECT_EQ(url.path, "/zipkin");
  EXPECT_EQ(parse_url("http://x").port, 80);
  for (const char* bad : {"https://x", "x", "http://", "http://:80", "http://x:0", "http://x:99999", "http://x:8o"}) {
    EXPECT_THROW(parse_url(bad), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace shop
