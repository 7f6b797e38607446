#include "runtime/image/document/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::image {
namespace {

using testing::HasSubstr;

ImageConfig full_config() {
  ImageConfig config;
  config.created = "1970-01-01T00:00:00Z";
  config.author = "me";
  config.architecture = "arm64";
  config.os = "linux";
  config.variant = "v8";
  config.user = "1000:1000";
  config.exposed_ports = {"80/tcp", "53/udp"};
  config.env = {"B=2", "A=1"};
  config.entrypoint = {{"/entry"}};
  config.cmd.emplace();
  config.volumes = {"/data"};
  config.working_dir = "/w";
  config.labels = {{"z", "1"}, {"a", "\"quoted\""}};
  config.stop_signal = "SIGQUIT";
  config.healthcheck = Healthcheck{{"CMD-SHELL", "true"}, 1'000'000'000, 2, 3, 4, 5};
  config.on_build = {"RUN x"};
  config.shell = {"/bin/bash", "-c"};
  config.args_escaped = true;
  config.diff_ids = {Digest::of("one"), Digest::of("two")};
  config.history = {{"1970-01-01T00:00:00Z", "RUN x", "me", "a comment", false},
                    {"", "ENV A=1", "", "", true}};
  return config;
}

std::string refusal(const std::string& json) {
  try {
    ImageConfig::parse(json, "image config");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ImageConfig, TheSmallestConfigHasNothingThatIsNotSet) {
  ImageConfig config;
  config.architecture = "amd64";
  config.os = "linux";
  EXPECT_EQ(config.to_json(),
            R"({"architecture":"amd64","os":"linux","rootfs":{"diff_ids":[],"type":"layers"}})");
}

TEST(ImageConfig, EverythingSurvivesWritingAndReading) {
  const std::string json = full_config().to_json();
  const ImageConfig back = ImageConfig::parse(json, "image config");
  EXPECT_EQ(back.to_json(), json);
  EXPECT_EQ(back.healthcheck, full_config().healthcheck);
  EXPECT_EQ(back.labels, full_config().labels);
  EXPECT_EQ(back.env, full_config().env) << "the order of variables is kept";
  ASSERT_EQ(back.history.size(), 2u);
  EXPECT_TRUE(back.history[1].empty_layer);
  EXPECT_EQ(back.diff_ids, full_config().diff_ids);
}

TEST(ImageConfig, AbsentAndEmptyCommandsDiffer) {
  const ImageConfig config = ImageConfig::parse(
      R"({"architecture":"a","os":"l","config":{"Cmd":[],"Entrypoint":null},"rootfs":{"type":"layers","diff_ids":[]}})",
      "c");
  EXPECT_TRUE(config.cmd && config.cmd->empty());
  EXPECT_FALSE(config.entrypoint);
}

TEST(ImageConfig, DockersOwnFieldsAreTolerated) {
  const ImageConfig config = ImageConfig::parse(
      R"({"architecture":"amd64","os":"linux","created":"2021-06-16T01:02:03.123456789Z","docker_version":"20.10",
          "container":"x","container_config":{"Hostname":"h"},"config":{"Hostname":"","AttachStdin":false,"OnBuild":null,
          "Labels":null,"Env":["A=b"]},"rootfs":{"type":"layers","diff_ids":[]}})",
      "c");
  EXPECT_EQ(config.env, std::vector<std::string>{"A=b"});
}

TEST(ImageConfig, WrongTypesAreRefusedWithTheirPath) {
  EXPECT_THAT(refusal("[]"), HasSubstr("image config"));
  EXPECT_THAT(refusal("{"), HasSubstr("image config"));
  EXPECT_THAT(refusal(R"({"os":"l","rootfs":{"type":"layers","diff_ids":[]}})"),
              HasSubstr("architecture"));
  EXPECT_THAT(refusal(R"({"architecture":"a","os":"l"})"), HasSubstr("rootfs"));
  EXPECT_THAT(refusal(R"({"architecture":"a","os":"l","rootfs":{"type":"x","diff_ids":[]}})"),
              HasSubstr("type"));
  EXPECT_THAT(
      refusal(
          R"({"architecture":"a","os":"l","rootfs":{"type":"layers","diff_ids":["sha256:../../x"]}})"),
      HasSubstr("diff_ids[0]"));
  EXPECT_THAT(
      refusal(
          R"({"architecture":"a","os":"l","config":{"Env":"A=b"},"rootfs":{"type":"layers","diff_ids":[]}})"),
      HasSubstr("config.Env"));
  EXPECT_THAT(
      refusal(
          R"({"architecture":"a","os":"l","created":"yesterday","rootfs":{"type":"layers","diff_ids":[]}})"),
      HasSubstr("created"));
  EXPECT_THAT(
      refusal(
          R"({"architecture":"a","os":"l","config":{"Healthcheck":{"Interval":-5}},"rootfs":{"type":"layers","diff_ids":[]}})"),
      HasSubstr("negative"));
}

TEST(ImageConfig, AHugeOrDeepDocumentIsRefused) {
  EXPECT_NE(refusal("\"" + std::string(5 << 20, 'x') + "\""), "accepted");
  EXPECT_NE(refusal(std::string(200'000, '[')), "accepted");
}

}  // namespace
}  // namespace mini::image
