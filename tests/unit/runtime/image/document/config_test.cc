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

// Every image that mini has ever built is named by such bytes.
TEST(ImageConfig, TheBytesAreWhatTheyHaveAlwaysBeen) {
  const std::string json =
      R"({"architecture":"arm64","author":"me","config":{"ArgsEscaped":true,"Cmd":[],"Entrypo)"
      R"(int":["/entry"],"Env":["B=2","A=1"],"ExposedPorts":{"53/udp":{},"80/tcp":{}},"Health)"
      R"(check":{"Interval":1000000000,"Retries":5,"StartInterval":4,"StartPeriod":3,"Test":[)"
      R"("CMD-SHELL","true"],"Timeout":2},"Labels":{"a":"\"quoted\"","z":"1"},"OnBuild":["RUN)"
      R"( x"],"Shell":["/bin/bash","-c"],"StopSignal":"SIGQUIT","User":"1000:1000","Volumes":)"
      R"({"/data":{}},"WorkingDir":"/w"},"created":"1970-01-01T00:00:00Z","history":[{"author)"
      R"(":"me","comment":"a comment","created":"1970-01-01T00:00:00Z","created_by":"RUN x"},)"
      R"({"created_by":"ENV A=1","empty_layer":true}],"os":"linux","rootfs":{"diff_ids":["sha)"
      R"(256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed","sha256:3fc4cc)"
      R"(fe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"],"type":"layers"},"varia)"
      R"(nt":"v8"})";
  EXPECT_EQ(full_config().to_json(), json);
  EXPECT_EQ(Digest::of(full_config().to_json()).str(),
            "sha256:27d457f2001aae636083420316d3dc0ce2fe961492e2a2d8c31c0ac451a9d059");
  ImageConfig config = full_config();
  config.healthcheck = Healthcheck();
  config.entrypoint.emplace();
  config.history = {History()};
  EXPECT_EQ(Digest::of(config.to_json()).str(),
            "sha256:684eecaba2ef233db350ee6d1d20b5cfb28f7d0d0e3d032ee7b061aefc89cd07");
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
