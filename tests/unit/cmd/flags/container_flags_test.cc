#include "cmd/flags/container_flags.h"

#include <gmock/gmock.h>

#include "runtime/base/error.h"

namespace mini::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::Pair;

engine::CreateRequest request_of(std::vector<std::string> args) {
  Flags flags("run [flags] IMAGE [COMMAND] [ARG...]", "Runs.");
  ContainerFlags container(flags);
  std::vector<std::string> command;
  flags.command(command, 1);
  EXPECT_TRUE(flags.parse(args));
  return container.request(flags, command);
}

std::string refusal(const std::vector<std::string>& args) {
  try {
    request_of(args);
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), ErrorKind::failed);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "accepted";
}

TEST(ContainerFlags, SayNothingThatTheUserDidNotSay) {
  const engine::CreateRequest request = request_of({"busybox:1"});
  EXPECT_EQ(request.image, "busybox:1");
  EXPECT_EQ(request.config.image, "busybox:1");
  EXPECT_FALSE(request.config.cmd || request.config.entrypoint || request.config.healthcheck);
  EXPECT_FALSE(request.host.auto_remove || request.host.privileged || request.host.init);
  EXPECT_EQ(request.host.shm_size, 64 << 20);
  EXPECT_EQ(request.host.network_mode, "bridge");
  EXPECT_TRUE(request.host.ports.empty() && !request.host.publish_all);
}

TEST(ContainerFlags, Process) {
  const engine::CreateRequest request = request_of(
      {"-it", "--rm",     "--init", "--name", "web",          "-e", "A=1", "-l",  "k=v",
       "-w",  "/srv",     "-u",     "1:2",    "--entrypoint", "",   "-h",  "box", "--stop-timeout",
       "3",   "--expose", "80",     "image",  "sh",           "-c", "true"});
  EXPECT_TRUE(request.config.tty && request.config.open_stdin && request.host.auto_remove);
  EXPECT_TRUE(request.host.init);
  EXPECT_EQ(request.name, "web");
  EXPECT_THAT(request.config.env, ElementsAre("A=1"));
  EXPECT_THAT(request.config.labels, ElementsAre(Pair("k", "v")));
  EXPECT_EQ(request.config.working_dir, "/srv");
  EXPECT_EQ(request.config.user, "1:2");
  EXPECT_EQ(request.config.hostname, "box");
  EXPECT_THAT(request.config.entrypoint, Optional(ElementsAre("")));
  EXPECT_THAT(request.config.cmd, Optional(ElementsAre("sh", "-c", "true")));
  EXPECT_THAT(request.config.stop_timeout, Optional(3));
  EXPECT_THAT(request.config.exposed_ports, ElementsAre("80/tcp"));
}

TEST(ContainerFlags, Limits) {
  const engine::HostConfig host =
      request_of({"-m", "512m", "--memory-swap", "-1", "--cpus", "1.5", "--cpu-shares", "512",
                  "--cpuset-cpus", "0-1", "--pids-limit", "-1", "--shm-size", "1m", "--ulimit",
                  "nofile=5:6", "--oom-score-adj", "-500", "image"})
          .host;
  EXPECT_EQ(host.memory, 512 << 20);
  EXPECT_EQ(host.memory_swap, -1);
  EXPECT_EQ(host.nano_cpus, 1'500'000'000);
  EXPECT_EQ(host.cpu_shares, 512);
  EXPECT_EQ(host.cpuset_cpus, "0-1");
  EXPECT_EQ(host.pids_limit, -1);
  EXPECT_EQ(host.shm_size, 1 << 20);
  EXPECT_THAT(host.ulimits, ElementsAre(Pair("nofile", Pair(5, 6))));
  EXPECT_THAT(host.oom_score_adj, Optional(-500));
}

TEST(ContainerFlags, MountsAndIsolation) {
  const engine::HostConfig host = request_of({"-v",
                                              "/a:/b:ro",
                                              "--mount",
                                              "type=volume,target=/v",
                                              "--tmpfs",
                                              "/t",
                                              "--cap-add",
                                              "NET_ADMIN",
                                              "--cap-drop",
                                              "ALL",
                                              "--security-opt",
                                              "no-new-privileges",
                                              "--sysctl",
                                              "net.ipv4.ip_forward=1",
                                              "--device",
                                              "/dev/fuse",
                                              "--pid",
                                              "host",
                                              "--ipc",
                                              "private",
                                              "--read-only",
                                              "image"})
                                      .host;
  ASSERT_EQ(host.mounts.size(), 3u);
  EXPECT_EQ(host.mounts[0].destination, "/b");
  EXPECT_EQ(host.mounts[1].destination, "/v");
  EXPECT_EQ(host.mounts[2].destination, "/t");
  EXPECT_THAT(host.binds, ElementsAre("/a:/b:ro"));
  EXPECT_THAT(host.cap_add, ElementsAre("NET_ADMIN"));
  EXPECT_THAT(host.cap_drop, ElementsAre("ALL"));
  EXPECT_THAT(host.security_opt, ElementsAre("no-new-privileges"));
  EXPECT_THAT(host.sysctls, ElementsAre(Pair("net.ipv4.ip_forward", "1")));
  ASSERT_EQ(host.devices.size(), 1u);
  EXPECT_EQ(host.pid_mode, "host");
  EXPECT_EQ(host.ipc_mode, "");
  EXPECT_TRUE(host.read_only);
}

TEST(ContainerFlags, Health) {
  const auto health = request_of({"--health-cmd", "curl x", "--health-interval", "5s",
                                  "--health-retries", "2", "image"})
                          .config.healthcheck;
  ASSERT_TRUE(health);
  EXPECT_THAT(health->test, ElementsAre("CMD-SHELL", "curl x"));
  EXPECT_EQ(health->interval_ns, 5'000'000'000);
  EXPECT_EQ(health->retries, 2);
  const auto none = request_of({"--no-healthcheck", "image"}).config.healthcheck;
  ASSERT_TRUE(none);
  EXPECT_THAT(none->test, ElementsAre("NONE"));
  EXPECT_THAT(refusal({"--no-healthcheck", "--health-cmd", "x", "image"}),
              HasSubstr("cannot be combined"));
}

TEST(ContainerFlags, NetworksAndPorts) {
  const engine::CreateRequest request =
      request_of({"--network", "a", "--net", "b", "--network-alias", "x", "-p", "8080:80", "-p",
                  "8080:80", "-P", "--expose", "7000-7001/udp", "--add-host", "up:host-gateway",
                  "--dns-opt", "ndots:2", "image"});
  const engine::HostConfig& host = request.host;
  EXPECT_EQ(host.network_mode, "a");
  ASSERT_EQ(host.networks.size(), 2u);
  EXPECT_THAT(host.networks[0].aliases, ElementsAre("x"));
  ASSERT_EQ(host.ports.size(), 1u);
  EXPECT_TRUE(host.publish_all);
  EXPECT_THAT(request.config.exposed_ports, ElementsAre("7000/udp", "7001/udp", "80/tcp"));
  EXPECT_THAT(host.extra_hosts, ElementsAre("up:host-gateway"));
  EXPECT_THAT(host.dns_options, ElementsAre("ndots:2"));
}

TEST(ContainerFlags, PortsAreDiscardedWhereNothingCouldBePublished) {
  for (const char* network : {"host", "none"}) {
    ::testing::internal::CaptureStderr();
    const engine::CreateRequest request =
        request_of({"--network", network, "-P", "-p", "80:81", "--expose", "82", "image"});
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                HasSubstr(std::string("discarded with --network ") + network));
    EXPECT_TRUE(request.host.ports.empty() && !request.host.publish_all);
    EXPECT_THAT(request.config.exposed_ports, ElementsAre("82/tcp"));
  }
}

TEST(ContainerFlags, WhatCannotBeDoneIsRefusedByName) {
  EXPECT_THAT(refusal({"--pull", "sometimes", "image"}), HasSubstr("--pull \"sometimes\""));
  EXPECT_THAT(refusal({"--pull", "always", "--offline", "image"}), HasSubstr("--offline"));
  EXPECT_THAT(refusal({"--link", "db:database", "image"}), HasSubstr("--network-alias"));
  EXPECT_THAT(refusal({"-a", "stdfoo", "image"}), HasSubstr("--attach \"stdfoo\""));
  EXPECT_THAT(refusal({"--memory", "lots", "image"}), HasSubstr("--memory"));
  EXPECT_THAT(refusal({"--memroy", "1g", "image"}), HasSubstr("did you mean --memory?"));
  EXPECT_THAT(refusal({"-it"}), HasSubstr("too few arguments"));
}

}  // namespace
}  // namespace mini::cmd
