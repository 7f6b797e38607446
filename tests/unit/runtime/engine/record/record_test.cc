#include "runtime/engine/record/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

Record full_record() {
  Record record;
  record.id = std::string(64, 'a');
  record.name = "web";
  record.created_ns = 123;
  record.image_id = Digest::of("image");
  record.layers = {Digest::of("one"), Digest::of("two")};
  record.config.entrypoint = std::vector<std::string>{};
  record.config.env = {"A=b", "WEIRD=\x01 \"quoted\""};
  record.config.labels = {{"k", "v"}};
  record.config.volumes = {"/data"};
  record.config.stop_timeout = 0;
  record.config.healthcheck = image::Healthcheck{{"CMD", "true"}, 1, 2, 3, 4, 5};
  record.host.restart = {RestartPolicy::Kind::on_failure, 3};
  record.host.ulimits = {{"nofile", {1024, -1}}};
  record.host.sysctls = {{"net.ipv4.ip_forward", "1"}};
  record.host.memory_swappiness = 0;
  record.host.oom_score_adj = -5;
  record.host.devices = {{"/dev/fuse", "/dev/fuse", "rw"}};
  MountRequest mount;
  mount.type = MountRequest::Type::tmpfs;
  mount.destination = "/tmp";
  mount.tmpfs_size = 4096;
  mount.tmpfs_mode = 01777;
  record.mounts = {mount};
  record.state.status = Status::paused;
  record.state.process = {42, 99, "boot"};
  record.cgroup = "=/sys/fs/cgroup/mini/x";
  return record;
}

TEST(Record, ComesBackAsItWas) {
  const Record record = full_record();
  const std::string json = to_json(record);
  const Record again = parse_record(json, "record");
  EXPECT_EQ(to_json(again), json);
  EXPECT_EQ(again.id, record.id);
  EXPECT_EQ(again.layers, record.layers);
  EXPECT_EQ(again.config.entrypoint, record.config.entrypoint);
  EXPECT_EQ(again.config.cmd, std::nullopt);
  EXPECT_EQ(again.config.env, record.config.env);
  EXPECT_EQ(again.config.stop_timeout, 0);
  EXPECT_EQ(again.config.healthcheck, record.config.healthcheck);
  EXPECT_EQ(again.host.restart.kind, RestartPolicy::Kind::on_failure);
  EXPECT_EQ(again.host.ulimits, record.host.ulimits);
  EXPECT_EQ(again.host.memory_swappiness, 0);
  EXPECT_EQ(again.host.shm_size, 64 << 20);
  EXPECT_EQ(again.mounts.at(0).type, MountRequest::Type::tmpfs);
  EXPECT_EQ(again.mounts.at(0).tmpfs_mode, 01777u);
  EXPECT_EQ(again.state.status, Status::paused);
  EXPECT_EQ(again.state.process, record.state.process);
}

TEST(Record, DefaultsAreNotWritten) {
  Record record;
  record.id = "x";
  EXPECT_EQ(to_json(record), R"({"Id":"x"})");
}

TEST(Record, ValuesOfTheWrongKindAreRefusedWithTheirPlace) {
  const auto expect_error = [](const std::string& json, const std::string& text) {
    try {
      parse_record(json, "record.json");
      FAIL() << json;
    } catch (const Error& error) {
      EXPECT_THAT(std::string(error.what()), HasSubstr(text));
    }
  };
  expect_error("{}", "Id: missing");
  expect_error(R"({"Id":"x","State":{"Status":"flying"}})", "State.Status: unknown value");
  expect_error(R"({"Id":"x","RestartCount":99999999999})",
               "RestartCount: 99999999999 is more than 2147483647");
  expect_error(R"({"Id":"x","HostConfig":{"Ulimits":[["nofile"]]}})", "expected two items");
  expect_error(R"({"Id":"x","Layers":["sha256:zz"]})", "sha256");
}

TEST(Health, ComesBackAsItWas) {
  Health health;
  health.status = "healthy";
  health.log = {{1, 2, 3, "output"}};
  const Health again = parse_health(to_json(health), "health");
  EXPECT_EQ(again.status, "healthy");
  ASSERT_EQ(again.log.size(), 1u);
  EXPECT_EQ(again.log[0].output, "output");
  EXPECT_EQ(again.log[0].exit_code, 3);
}

}  // namespace
}  // namespace mini::engine
