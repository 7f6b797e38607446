#include "runtime/registry/http/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace mini::registry {
namespace {

std::string proxy(const char* url, std::map<std::string, std::string> variables) {
  return proxy_for(Url::parse(url), [&](const char* name) { return variables[name]; });
}

TEST(Proxy, IsChosenByScheme) {
  EXPECT_EQ(proxy("https://h/", {{"HTTPS_PROXY", "http://p:1"}}), "http://p:1");
  EXPECT_EQ(proxy("https://h/", {{"https_proxy", "a"}, {"HTTPS_PROXY", "b"}}), "a");
  EXPECT_EQ(proxy("https://h/", {{"HTTP_PROXY", "http://p:1"}}), "");
  EXPECT_EQ(proxy("http://h/", {{"HTTP_PROXY", "http://p:1"}}), "http://p:1");
}

TEST(Proxy, IsNotAskedForThisMachine) {
  EXPECT_EQ(proxy("http://127.0.0.1:5000/", {{"http_proxy", "p"}}), "");
  EXPECT_EQ(proxy("http://localhost/", {{"http_proxy", "p"}}), "");
}

struct Exception {
  const char* no_proxy;
  const char* url;
  bool excepted;
};
class NoProxy : public ::testing::TestWithParam<Exception> {};

TEST_P(NoProxy, ExceptsWhatItNames) {
  const auto& [no_proxy, url, excepted] = GetParam();
  EXPECT_EQ(proxy(url, {{"https_proxy", "p"}, {"no_proxy", no_proxy}}), excepted ? "" : "p")
      << no_proxy << " and " << url;
}

INSTANTIATE_TEST_SUITE_P(
    Entries, NoProxy,
    ::testing::Values(Exception{"*", "https://h/", true}, Exception{"h", "https://h/", true},
                      Exception{"example.com", "https://a.example.com/", true},
                      Exception{".example.com", "https://a.example.com/", true},
                      Exception{"*.example.com", "https://a.example.com/", true},
                      Exception{"example.com", "https://notexample.com/", false},
                      Exception{"a, H ,b", "https://h/", true},
                      Exception{"h:5000", "https://h:5000/", true},
                      Exception{"h:5000", "https://h/", false},
                      Exception{"10.0.0.0/8", "https://10.1.2.3/", true},
                      Exception{"10.0.0.0/8", "https://11.1.2.3/", false},
                      Exception{"10.1.2.3", "https://10.1.2.3/", true},
                      Exception{"", "https://h/", false}));

}  // namespace
}  // namespace mini::registry
