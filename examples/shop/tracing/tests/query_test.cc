#include "src/query.h"

#include <gmock/gmock.h>

#include "src/settings.h"
#include "tests/make.h"

namespace tracing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int64_t kNow = 1'795'603'572'000;

Parameters given(std::map<std::string, std::string> values) {
  return [values](const char* name) -> std::optional<std::string> {
    auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

Query read(std::map<std::string, std::string> values) { return read_query(given(std::move(values)), kNow); }

Trace trace() {
  Trace spans{make({.id = 1, .kind = Kind::server, .service = "gateway", .name = "get /", .timestamp = kNow * 1000 - 5, .duration = 900}),
              make({.id = 2, .parent = 1, .kind = Kind::client, .service = "gateway", .remote = "user", .name = "get", .timestamp = kNow * 1000 - 4, .duration = 300}),
              make({.id = 2, .parent = 1, .kind = Kind::server, .service = "user", .name = "get /users", .tags = {{"http.path", "/users/1"}, {"error", ""}}, .shared = true})};
  spans[2].annotations = {{1, "retry"}};
  return spans;
}

bool finds(std::map<std::string, std::string> values) { return read(std::move(values)).matches(trace()); }

TEST(Query, Defaults) {
  Query query = read({});
  EXPECT_EQ(query.limit, 10);
  EXPECT_EQ(query.window.end_ms, kNow);
  EXPECT_EQ(query.window.lookback_ms, 86'400'000);
  EXPECT_TRUE(query.matches(trace()));
  EXPECT_FALSE(query.matches({}));
}

TEST(Query, AnnotationQuery) {
  auto terms = [](const char* text) { return read({{"annotationQuery", text}}).annotations; };
  EXPECT_THAT(terms(""), IsEmpty());
  EXPECT_THAT(terms("error"), ElementsAre(Pair("error", "")));
  EXPECT_THAT(terms("error and http.method=GET"), ElementsAre(Pair("error", ""), Pair("http.method", "GET")));
  EXPECT_THAT(terms(" a = b=c  and  d "), ElementsAre(Pair("a", "b=c"), Pair("d", "")));
  EXPECT_THAT(terms("a=1 and a"), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(terms("a=1 and a=2"), ElementsAre(Pair("a", "2")));
}

TEST(Query, ServiceConstrainsTheRest) {
  EXPECT_TRUE(finds({{"serviceName", "USER"}}));
  EXPECT_FALSE(finds({{"serviceName", "order"}}));
  EXPECT_TRUE(finds({{"serviceName", "user"}, {"spanName", "GET /users"}}));
  EXPECT_FALSE(finds({{"serviceName", "gateway"}, {"spanName", "get /users"}}));
  EXPECT_TRUE(finds({{"spanName", "all"}, {"serviceName", ""}}));
  EXPECT_TRUE(finds({{"serviceName", "user"}, {"annotationQuery", "http.path=/users/1 and error and retry"}}));
  EXPECT_FALSE(finds({{"serviceName", "gateway"}, {"annotationQuery", "error"}}));
  EXPECT_FALSE(finds({{"annotationQuery", "http.path=/users/2"}}));
  EXPECT_FALSE(finds({{"annotationQuery", "retry=1"}}));
  EXPECT_TRUE(finds({{"remoteServiceName", "user"}}));
  EXPECT_FALSE(finds({{"serviceName", "user"}, {"remoteServiceName", "user"}}));
}

TEST(Query, Durations) {
  EXPECT_TRUE(finds({{"minDuration", "900"}}));
  EXPECT_FALSE(finds({{"minDuration", "901"}}));
  EXPECT_TRUE(finds({{"minDuration", "1"}, {"maxDuration", "300"}}));
  EXPECT_FALSE(finds({{"minDuration", "301"}, {"maxDuration", "899"}}));
  EXPECT_FALSE(finds({{"serviceName", "user"}, {"minDuration", "1"}}));
}

TEST(Query, TheRootsTimeDecides) {
  EXPECT_FALSE(finds({{"endTs", std::to_string(kNow - 1)}}));
  EXPECT_TRUE(finds({{"lookback", "1"}}));
  EXPECT_FALSE(finds({{"endTs", std::to_string(kNow + 10)}, {"lookback", "5"}}));
  EXPECT_FALSE(read({}).matches({make({.service = "no time"})}));
  EXPECT_TRUE(finds({{"endTs", "9223372036854775807"}, {"lookback", "9223372036854775807"}}));
}

TEST(Query, RefusesWhatZipkinRefuses) {
  for (const auto& values : std::vector<std::map<std::string, std::string>>{
           {{"limit", "0"}}, {{"limit", "a"}}, {{"limit", ""}}, {{"limit", "99999999999"}}, {{"endTs", "0"}}, {{"endTs", "-1"}},
           {{"lookback", "0"}}, {{"lookback", "1x"}}, {{"minDuration", "0"}}, {{"maxDuration", "1"}},
           {{"minDuration", "5"}, {"maxDuration", "1"}}, {{"endTs", "99999999999999999999"}}}) {
    EXPECT_THROW(read(values), BadInput) << values.begin()->first << "=" << values.begin()->second;
  }
  EXPECT_THROW(read_window(given({}), std::nullopt), BadInput);
  EXPECT_EQ(read_window(given({{"endTs", "5"}, {"lookback", "3"}}), std::nullopt).begin_ms(), 2);
}

TEST(Settings, FromTheEnvironment) {
  std::map<std::string, std::string> variables;
  auto variable = [&](const char* name) { return variables.contains(name) ? variables[name].c_str() : nullptr; };
  Settings settings = read_settings(variable);
  EXPECT_EQ(settings.port, 9411);
  EXPECT_EQ(settings.db_path, "/data/traces.db");
  EXPECT_EQ(settings.bounds.spans, 100'000);
  variables = {{"PORT", "80"}, {"DB_PATH", "/x"}, {"MAX_SPANS", "5"}, {"MAX_MIB", "2"}, {"AUTOCOMPLETE_KEYS", "a,,b"}};
  settings = read_settings(variable);
  EXPECT_EQ(settings.port, 80);
  EXPECT_EQ(settings.db_path, "/x");
  EXPECT_EQ(settings.bounds.spans, 5);
  EXPECT_EQ(settings.bounds.bytes, 2 * 1024 * 1024);
  EXPECT_THAT(settings.tag_keys, ElementsAre("a", "b"));
  for (const char* bad : {"0", "-1", "x", "65536", "1 "}) {
    variables = {{"PORT", bad}};
    EXPECT_THROW(read_settings(variable), BadInput) << bad;
  }
}

}  // namespace
}  // namespace tracing
