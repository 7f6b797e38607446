#include "runtime/registry/http/url.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::registry {
namespace {

TEST(Url, IsTakenApartAndPutTogether) {
  const Url url = Url::parse("https://Registry.Example.com:443/v2/a?b=c#d");
  EXPECT_EQ(url.host, "registry.example.com");
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.path, "/v2/a");
  EXPECT_EQ(url.query, "b=c");
  EXPECT_EQ(url.str(), "https://registry.example.com/v2/a?b=c");
  EXPECT_EQ(Url::parse("http://[::1]:5000").origin(), "http://[::1]:5000");
  EXPECT_EQ(Url::parse("http://h?x").str(), "http://h/?x");
}

TEST(Url, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* text : {"",
                           "h",
                           "ftp://h/",
                           "file:///etc/passwd",
                           "https://",
                           "https:///x",
                           "https://u@h/",
                           "https://u:p@h/",
                           "https://h:0/",
                           "https://h:65536/",
                           "https://h:5x/",
                           "https://h\\@e/",
                           "https://h /",
                           "https://h/a b",
                           "https://h/\n",
                           "https://h/\x7f",
                           "https://-h/",
                           "https://[::1/",
                           "https://h%2f/",
                           "https://é/"})
    EXPECT_THROW(Url::parse(text), Error) << text;
  EXPECT_THROW(Url::parse("https://h/" + std::string(9000, 'a')), Error);
}

TEST(Url, ResolvesLocations) {
  const Url base = Url::parse("https://h:1/v2/a/uploads/?x=y");
  EXPECT_EQ(base.resolve("/b?c").str(), "https://h:1/b?c");
  EXPECT_EQ(base.resolve("b").str(), "https://h:1/v2/a/uploads/b");
  EXPECT_EQ(base.resolve("?z").str(), "https://h:1/v2/a/uploads/?z");
  EXPECT_EQ(base.resolve("//other/b").str(), "https://other/b");
  EXPECT_EQ(base.resolve("http://o/").origin(), "http://o");
  EXPECT_EQ(base.resolve("/b?u=http://o/").origin(), "https://h:1");
  EXPECT_THROW(base.resolve(""), Error);
  EXPECT_THROW(base.resolve("file:///etc/passwd"), Error);
}

TEST(Url, AddsToItsQueryEscaped) {
  EXPECT_EQ(Url::parse("https://h/t").with_query("scope", "repository:a/b:pull").str(),
            "https://h/t?scope=repository%3Aa%2Fb%3Apull");
  EXPECT_EQ(Url::parse("https://h/t?a=b").with_query("c", "d&e").query, "a=b&c=d%26e");
}

TEST(Url, KnowsThisMachine) {
  for (const char* text :
       {"http://localhost/", "http://127.0.0.1:5/", "http://127.9.9.9/", "http://[::1]/"})
    EXPECT_TRUE(Url::parse(text).is_loopback()) << text;
  for (const char* text : {"http://localhost.evil/", "http://127.evil.com.x/",
                           "http://127.0.0.1.x/", "http://128.0.0.1/", "http://127.0.0.256/"})
    EXPECT_FALSE(Url::parse(text).is_loopback()) << text;
}

}  // namespace
}  // namespace mini::registry
