#include "runtime/registry/http/auth.h"

#include <gmock/gmock.h>

#include "runtime/base/text.h"

namespace mini::registry {
namespace {

using ::testing::HasSubstr;

struct Realm {
  const char* registry;
  const char* realm;
  bool allowed;
};
class PasswordTo : public ::testing::TestWithParam<Realm> {};

TEST_P(PasswordTo, TheRegistrysOwnTokenServerOnly) {
  const auto& [registry, realm, allowed] = GetParam();
  EXPECT_EQ(may_have_password(Url::parse(registry), Url::parse(realm), {"https://named.example"}),
            allowed)
      << registry << " -> " << realm;
}

INSTANTIATE_TEST_SUITE_P(
    Realms, PasswordTo,
    ::testing::Values(Realm{"https://registry-1.docker.io/", "https://auth.docker.io/token", true},
                      Realm{"https://registry-1.docker.io/", "http://auth.docker.io/token", false},
                      Realm{"https://registry-1.docker.io/", "https://evil.docker.io.evil/", false},
                      Realm{"https://ghcr.io/", "https://ghcr.io/token", true},
                      Realm{"https://ghcr.io/", "https://evil.io/token", false},
                      Realm{"https://registry.gitlab.com/", "https://gitlab.com/jwt/auth", true},
                      Realm{"https://registry.example.com/", "https://auth.example.com/", true},
                      Realm{"https://registry.example.com/", "https://auth.example.com:444/",
                            false},
                      Realm{"https://registry.example.com/", "https://evilexample.com/", false},
                      Realm{"https://registry.com/", "https://other.com/", false},
                      Realm{"https://10.0.0.1/", "https://10.0.0.2/", false},
                      Realm{"https://1.10.0.1/", "https://2.10.0.1/", false},
                      Realm{"http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", true},
                      Realm{"https://127.0.0.1:5000/", "http://127.0.0.1:5001/token", false},
                      Realm{"http://lan:5000/", "http://evil/token", false},
                      Realm{"https://lan/", "https://named.example/token", true}));

class Asked : public ::testing::Test {
 protected:
  Authority authority(Credential credential) {
    Endpoint endpoint;
    endpoint.credentials = "r.example";
    return Authority(endpoint, std::move(credential), [this](const Request& request) {
      requests_.push_back(request);
      return answer_;
    });
  }
  static ResponseHead challenge(const std::string& text) {
    return {401, {{"www-authenticate", text}}};
  }

  const Url registry_ = Url::parse("https://r.example");
  const std::string scope_ = "repository:a/b:pull";
  std::vector<Request> requests_;
  std::pair<int, std::string> answer_{200, R"({"token": "abc"})"};
};

TEST_F(Asked, ForATokenWithoutAPassword) {
  Authority own = authority({});
  EXPECT_EQ(own.header(scope_), "");
  EXPECT_TRUE(
      own.answer(registry_, challenge(R"(Bearer realm="https://t.io/t",service="s")"), scope_, ""));
  EXPECT_EQ(own.header(scope_), "Bearer abc");
  EXPECT_EQ(own.header("repository:other:pull"), "");
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].url.str(), "https://t.io/t?service=s&scope=repository%3Aa%2Fb%3Apull");
  EXPECT_TRUE(requests_[0].headers.empty());
  EXPECT_FALSE(
      own.answer(registry_, challenge(R"(Bearer realm="https://t.io/t")"), scope_, "Bearer abc"))
      << "the same token once more is no answer";
}

TEST_F(Asked, ForATokenWithAPassword) {
  Authority own = authority({"u", "p", ""});
  EXPECT_TRUE(
      own.answer(registry_, challenge(R"(Bearer realm="https://r.example/t")"), scope_, ""));
  EXPECT_THAT(requests_.at(0).headers, ::testing::ElementsAre("Authorization: Basic dTpw"));
}

TEST_F(Asked, ToSendThePasswordElsewhere) {
  Authority own = authority({"u", "p", ""});
  for (const char* realm : {"https://evil.io/t", "http://r.example/t", "http://evil.io/t"}) {
    EXPECT_THROW(own.answer(registry_, challenge(cat("Bearer realm=\"", realm, '"')), scope_, ""),
                 Error)
        << realm;
  }
  EXPECT_TRUE(requests_.empty()) << "nobody was asked";
  // Without a password nothing can be lost, but a token is one too.
  EXPECT_THROW(
      authority({}).answer(registry_, challenge(R"(Bearer realm="http://t.io/")"), scope_, ""),
      Error);
  EXPECT_TRUE(requests_.empty());
}

TEST_F(Asked, ForABasicPassword) {
  Authority own = authority({"u", "p", ""});
  EXPECT_TRUE(own.answer(registry_, challenge("Basic realm=x"), scope_, ""));
  EXPECT_EQ(own.header(scope_), "Basic dTpw");
  EXPECT_FALSE(own.answer(registry_, challenge("Basic realm=x"), scope_, "Basic dTpw"));
  EXPECT_FALSE(authority({}).answer(registry_, challenge("Basic realm=x"), scope_, ""));
}

TEST_F(Asked, WithAnIdentityToken) {
  Authority own = authority({"", "", "refresh"});
  answer_ = {200, R"({"access_token": "xyz"})"};
  EXPECT_TRUE(own.answer(registry_, challenge(R"(Bearer realm="https://r.example/t",service="s")"),
                         scope_, ""));
  EXPECT_EQ(own.header(scope_), "Bearer xyz");
  EXPECT_EQ(requests_.at(0).method, "POST");
  EXPECT_THAT(requests_.at(0).url.str(), ::testing::Not(HasSubstr("refresh")));
}

TEST_F(Asked, AndGivenNonsense) {
  const auto head = challenge(R"(Bearer realm="https://t.io/t")");
  for (const char* body :
       {"<html>", "{}", R"({"token": ""})", R"({"token": "a\r\nX: y"})", R"({"token": 5})", "[]"}) {
    answer_ = {200, body};
    EXPECT_THROW(authority({}).answer(registry_, head, scope_, ""), Error) << body;
  }
  answer_ = {401, ""};
  EXPECT_THROW(authority({}).answer(registry_, head, scope_, ""), Error);
  EXPECT_THROW(authority({}).answer(registry_, challenge("Bearer service=x"), scope_, ""), Error);
  EXPECT_FALSE(authority({}).answer(registry_, challenge("Digest realm=x"), scope_, ""));
}

}  // namespace
}  // namespace mini::registry
