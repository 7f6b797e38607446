#include "runtime/engine/inspect/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/json.h"

namespace mini::engine {
namespace {

using testing::ElementsAre;

std::vector<std::string> keys(const OrderedJson& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items()) out.push_back(key);
  return out;
}

Record example() {
  Record record;
  record.id = std::string(64, 'd');
  record.name = "web";
  record.args = {"nginx", "-g"};
  record.image_id = Digest::of("image");
  record.config.image = "nginx";
  record.config.cmd = std::vector<std::string>{"-g"};
  record.config.exposed_ports = {"80/tcp"};
  record.state.status = Status::paused;
  record.state.started_ns = 1'000'000'000;
  MountRequest volume;
  volume.type = MountRequest::Type::volume;
  volume.source = "data";
  volume.destination = "/data";
  volume.read_only = true;
  record.mounts = {volume};
  return record;
}

TEST(Inspect, AContainerHasDockersFieldsInDockersOrder) {
  const ContainerStore store({"/root-dir", "/run-dir"});
  const OrderedJson json = inspect_container(store, example());
  EXPECT_THAT(keys(json),
              ElementsAre("Id", "Created", "Path", "Args", "State", "Image", "ResolvConfPath",
                          "HostnamePath", "HostsPath", "LogPath", "Name", "RestartCount", "Driver",
                          "Platform", "MountLabel", "ProcessLabel", "AppArmorProfile", "ExecIDs",
                          "HostConfig", "GraphDriver", "Mounts", "Config", "NetworkSettings"));
  EXPECT_EQ(json["Name"], "/web");
  EXPECT_EQ(json["Path"], "nginx");
  EXPECT_EQ(json["Args"], OrderedJson({"-g"}));
  EXPECT_EQ(json["Config"]["Hostname"], "dddddddddddd");
  EXPECT_EQ(json["Config"]["Entrypoint"], nullptr);
  EXPECT_EQ(json["Config"]["ExposedPorts"].dump(), R"({"80/tcp":{}})");
  EXPECT_EQ(json["HostConfig"]["NetworkMode"], "none");
  EXPECT_EQ(json["HostConfig"]["RestartPolicy"]["Name"], "no");
}

TEST(Inspect, StateTellsTheTruthAboutPauseAndTimes) {
  const ContainerStore store({"/root-dir", "/run-dir"});
  const OrderedJson state = inspect_container(store, example())["State"];
  EXPECT_EQ(state["Status"], "paused");
  EXPECT_EQ(state["Running"], true);
  EXPECT_EQ(state["Paused"], true);
  EXPECT_EQ(state["StartedAt"], "1970-01-01T00:00:01Z");
  EXPECT_EQ(state["FinishedAt"], "0001-01-01T00:00:00Z");
  EXPECT_FALSE(state.contains("Health"));
}

TEST(Inspect, MountsNameTheirSource) {
  const ContainerStore store({"/root-dir", "/run-dir"});
  const OrderedJson mounts = inspect_mounts(store, example());
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0]["Type"], "volume");
  EXPECT_EQ(mounts[0]["Name"], "data");
  EXPECT_EQ(mounts[0]["Source"], "/root-dir/volumes/data/_data");
  EXPECT_EQ(mounts[0]["RW"], false);
}

TEST(Inspect, AVolumeHasItsMountpoint) {
  Volume volume;
  volume.name = "data";
  volume.mountpoint = "/root-dir/volumes/data/_data";
  const OrderedJson json = inspect_volume(volume);
  EXPECT_EQ(json["Mountpoint"], volume.mountpoint);
  EXPECT_EQ(json["Labels"], nullptr);
  EXPECT_EQ(json["Driver"], "local");
}

}  // namespace
}  // namespace mini::engine
