#include "cmd/output/container_row.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace mini::cmd {
namespace {

using engine::Record;
using engine::Status;

constexpr int64_t kOneSecond = 1'000'000'000, kNow = 1'700'000'000 * kOneSecond;

Record sample(Status status) {
  Record record;
  record.id = std::string(64, 'a');
  record.name = "web";
  record.created_ns = kNow - 3600 * kOneSecond;
  record.config.image = "busybox";
  record.args = {"sh", "-c", "while true; do sleep 1; done"};
  record.state.status = status;
  record.state.started_ns = kNow - 120 * kOneSecond;
  record.state.finished_ns = kNow - 3 * kOneSecond;
  return record;
}

std::string text_of(Record record) {
  return status_text(record, kNow);
}

TEST(StatusText, OfARunningContainer) {
  Record record = sample(Status::running);
  EXPECT_EQ(text_of(record), "Up 2 minutes");
  record.state.health.status = "healthy";
  EXPECT_EQ(text_of(record), "Up 2 minutes (healthy)");
  record.state.health.status = "unhealthy";
  EXPECT_EQ(text_of(record), "Up 2 minutes (unhealthy)");
  record.state.health.status = "starting";
  EXPECT_EQ(text_of(record), "Up 2 minutes (health: starting)");
}

TEST(StatusText, OfOtherStates) {
  EXPECT_EQ(text_of(sample(Status::created)), "Created");
  EXPECT_EQ(text_of(sample(Status::paused)), "Up 2 minutes (Paused)");
  EXPECT_EQ(text_of(sample(Status::exited)), "Exited (0) 3 seconds ago");
  Record failed = sample(Status::exited);
  failed.state.exit_code = 137;
  EXPECT_EQ(text_of(failed), "Exited (137) 3 seconds ago");
  Record restarting = sample(Status::restarting);
  restarting.state.exit_code = 1;
  EXPECT_EQ(text_of(restarting), "Restarting (1) 3 seconds ago");
  EXPECT_EQ(text_of(sample(Status::removing)), "Removal In Progress");
  EXPECT_EQ(text_of(sample(Status::dead)), "Dead");
}

TEST(ContainerRow, HasDockersFieldsAndTexts) {
  Record record = sample(Status::running);
  record.config.labels = {{"b", "2"}, {"a", "1"}};
  engine::MountRequest volume, bind, tmpfs;
  volume.type = engine::MountRequest::Type::volume;
  volume.source = std::string(64, 'f');
  bind.source = "/host";
  tmpfs.type = engine::MountRequest::Type::tmpfs;
  record.mounts = {volume, bind, tmpfs};

  const nlohmann::ordered_json row = container_row(record, {false, kNow, "", ""});
  std::vector<std::string> fields;
  for (const auto& item : row.items()) fields.push_back(item.key());
  EXPECT_THAT(fields, ::testing::ElementsAre("Command", "CreatedAt", "ID", "Image", "Labels",
                                             "LocalVolumes", "Mounts", "Names", "Networks", "Ports",
                                             "RunningFor", "Size", "State", "Status"));
  EXPECT_EQ(row["Command"], "\"sh -c 'while true; …\"");
  EXPECT_EQ(row["ID"], "aaaaaaaaaaaa");
  EXPECT_EQ(row["Image"], "busybox");
  EXPECT_EQ(row["Labels"], "a=1,b=2");
  EXPECT_EQ(row["LocalVolumes"], "1");
  EXPECT_EQ(row["Mounts"], "ffffffffffffff…,/host");
  EXPECT_EQ(row["Networks"], "none");
  EXPECT_EQ(row["Ports"], "");
  EXPECT_EQ(row["RunningFor"], "About an hour ago");
  EXPECT_EQ(row["State"], "running");
  EXPECT_EQ(row["Status"], "Up 2 minutes");
}

TEST(ContainerRow, TellsNetworksAndPorts) {
  Record record = sample(Status::running);
  record.host.networks = {{"web", {}, "", "", ""}, {"db", {}, "", "", ""}};
  record.state.endpoints.emplace_back().network = "web";
  record.state.ports = {{"0.0.0.0", 8080, 80, "tcp"}};
  const nlohmann::ordered_json row = container_row(record, {false, kNow, "", ""});
  EXPECT_EQ(row["Networks"], "web,db");
  EXPECT_EQ(row["Ports"], "0.0.0.0:8080->80/tcp");
}

TEST(ContainerRow, WholeWithoutTruncation) {
  const Record record = sample(Status::running);
  const nlohmann::ordered_json row = container_row(record, {true, kNow, "0123", "1kB"});
  EXPECT_EQ(row["Command"], "\"sh -c 'while true; do sleep 1; done'\"");
  EXPECT_EQ(row["ID"], record.id);
  EXPECT_EQ(row["Image"], "0123");
  EXPECT_EQ(row["Size"], "1kB");
}

}  // namespace
}  // namespace mini::cmd
