#include "runtime/registry/http/settings.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::registry {
namespace {

using ::testing::HasSubstr;

Settings parse(const char* json) {
  return Settings::parse(json, "config.json");
}

TEST(Settings, MirrorsComeFirstAndTheRegistryLast) {
  const Settings settings = parse(R"({"registries": {"docker.io": {"mirrors":
      ["http://127.0.0.1:5000", "https://mirror.example"]}}})");
  const auto endpoints = pull_endpoints(settings, "docker.io");
  ASSERT_EQ(endpoints.size(), 3u);
  EXPECT_EQ(endpoints[0].base.origin(), "http://127.0.0.1:5000");
  EXPECT_TRUE(endpoints[0].mirror);
  EXPECT_EQ(endpoints[0].credentials, "127.0.0.1:5000") << "never Docker Hub's password";
  EXPECT_EQ(endpoints[1].base.origin(), "https://mirror.example");
  EXPECT_EQ(endpoints[2].base.origin(), "https://registry-1.docker.io");
  EXPECT_FALSE(endpoints[2].mirror);
  EXPECT_FALSE(registry_endpoint(settings, "docker.io").mirror) << "nothing is pushed to a mirror";
}

TEST(Settings, PlainHttpOnlyOnThisMachineOrWhereItWasSaid) {
  const Settings settings = parse(R"({"registries": {"lan:5000": {"insecure": true}}})");
  EXPECT_TRUE(registry_endpoint(settings, "lan:5000").may_be_plain);
  EXPECT_TRUE(registry_endpoint(settings, "localhost:5000").may_be_plain);
  EXPECT_TRUE(registry_endpoint(settings, "127.0.0.1:5000").may_be_plain);
  EXPECT_FALSE(registry_endpoint(settings, "lan:5001").may_be_plain);
  EXPECT_FALSE(registry_endpoint(settings, "docker.io").may_be_plain);
  EXPECT_EQ(registry_endpoint(settings, "lan:5000").base.scheme, "https") << "TLS is tried first";
}

TEST(Settings, OfflineOnlyWhenItWasSaid) {
  EXPECT_FALSE(parse("{}").offline);
  EXPECT_TRUE(parse(R"({"offline": true})").offline);
  EXPECT_THROW(parse(R"({"offline": "yes"})"), Error);
}

TEST(Settings, RefusesWhatItDoesNotUnderstand) {
  for (const char* json :
       {"[]", R"({"registry": {}})", R"({"registries": {"x": {"insecur": true}}})",
        R"({"registries": {"x": {"mirrors": ["ftp://x"]}}})", R"({"parallel": 0})",
        R"({"parallel": 17})", R"({"timeout": "5"})", R"({"registries": {"x": {"insecure": 1}}})",
        R"({"attempts": 1, "attempts": 2})"})
    EXPECT_THROW(parse(json), Error) << json;
  try {
    parse(R"({"registries": {"x": {"insecur": true}}})");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("\"insecur\""));
    EXPECT_THAT(error.hint(), HasSubstr("\"insecure\""));
  }
}

TEST(Settings, OfAFileThatIsNotThere) {
  EXPECT_THROW(Settings::load("/nonexistent/config.json"), Error);
}

}  // namespace
}  // namespace mini::registry
