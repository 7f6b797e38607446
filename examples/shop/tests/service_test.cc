#include "lib/service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/text.h"
#include "order-service/orders.h"
#include "tests/peer.h"

namespace shop {
namespace {

Request ask(const std::string& method, const std::string& target) {
  Request request;
  request.method = method;
  request.target = target;
  return request;
}

TEST(Service, Routes) {
  ::setenv("PORT", "8000", 1);
  Service service("test");
  service.on("GET", "/users/{id}/x", [](const Request&, const Arguments& a) { return Response{200, a[0], "", {}}; });
  service.on("*", "/all/**", [](const Request&, const Arguments&) { return Response{200, "all", "", {}}; });
  struct Case { const char *method, *target; int status; const char* body; };
  for (const Case& c : std::vector<Case>{{"GET", "/users/7/x", 200, "7"},
                                         {"GET", "/users/7/x/?q=1", 200, "7"},
                                         {"GET", "/users/a%2Fb%20c/x", 200, "a/b c"},
                                         {"GET", "/users/%zz%4/x", 200, "%zz%4"},
                                         {"POST", "/users/7/x", 405, nullptr},
                                         {"GET", "/users/7", 404, nullptr},
                                         {"GET", "/", 404, nullptr},
                                         {"GET", "/all/a/b", 200, "all"},
                                         {"DELETE", "/all", 200, "all"},
                                         {"GET", "/health_check", 200, nullptr}}) {
    Response response = service.answer(ask(c.method, c.target));
    EXPECT_EQ(response.status, c.status) << c.target;
    if (c.body) {
      EXPECT_EQ(response.body, c.body);
    }
  }
}

TEST(Remote, BreakerOpensOnFailuresAndRefusesWithoutACall) {
  ScriptedServer server(2, [&](int fd, int) {
    read_until(fd, "\r\n\r\n");
    write_all(fd, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  BreakerSettings settings;
  settings.window = settings.minimum_calls = 2;
  Remote remote("orders", server.url(), std::chrono::seconds(5), settings);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(remote.call(ask("GET", "/")).response.status, 500);
  Remote::Answer refused = remote.call(ask("GET", "/"));
  EXPECT_FALSE(refused.ok);
  EXPECT_EQ(refused.why, "CircuitBreaker 'orders' is OPEN and does not permit further calls");
  EXPECT_EQ(server.accepted(), 2);
  auto shown = remote.breaker()->to_json();
  EXPECT_EQ(shown["state"], "OPEN");
  EXPECT_EQ(shown["notPermittedCalls"], 1);
}

TEST(Remote, TimeLimitIsAFailure) {
  ScriptedServer server(1, [&](int fd, int) { read_until(fd); });
  BreakerSettings settings;
  settings.window = settings.minimum_calls = 1;
  {
    Remote remote("orders", server.url(), std::chrono::milliseconds(50), settings);
    Remote::Answer late = remote.call(ask("GET", "/"));
    EXPECT_FALSE(late.ok);
    EXPECT_TRUE(late.timed_out);
    EXPECT_EQ(remote.breaker()->state(), BreakerState::open);
  }
}

TEST(Text, Emails) {
  for (const char* good : {"a@b.de", "first.last+tag@sub.example.org"}) EXPECT_TRUE(is_email(good)) << good;
  for (const char* bad : {"", "a", "a@b", "@b.de", "a@.de", "a@b.", "a b@c.de", "a@b@c.de", "a@b..de", "<a@b.de>", "a@b.de\n"}) {
    EXPECT_FALSE(is_email(bad)) << bad;
  }
  EXPECT_EQ(iso_time(1700000000123456), "2023-11-14T22:13:20.123Z");
}

TEST(Orders, WhatIsRefused) {
  for (const char* bad : {"{}", R"({"productId":"A"})", R"({"productId":"A","qty":0})", R"({"productId":"A","qty":-1})",
                          R"({"productId":"A","qty":1.5})", R"({"productId":"A","qty":"1"})", R"({"productId":7,"qty":1})",
                          R"({"productId":"A","qty":18446744073709551615})", R"({"productId":"../x","qty":1})",
                          R"({"productId":"A","qty":1,"unitPrice":0})", R"({"productId":"A","qty":null})"}) {
    EXPECT_THROW(parse_order("u", "", nlohmann::json::parse(bad)), Refusal) << bad;
  }
  EXPECT_EQ(parse_order("u", "k", nlohmann::json::parse(R"({"productId":"A","qty":2})")).quantity, 2);
  EXPECT_THROW(parse_order("u/../x", "", nlohmann::json::parse(R"({"productId":"A","qty":2})")), Refusal);
}

}  // namespace
}  // namespace shop
