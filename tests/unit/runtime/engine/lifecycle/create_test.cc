#include "runtime/engine/lifecycle/create.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace mini::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;
using Words = std::vector<std::string>;

// Docker's table of ENTRYPOINT and CMD, each absent, or given by the image or a flag.
struct CommandCase {
  const char* name;
  std::optional<Words> image_entrypoint, image_cmd, flag_entrypoint, flag_cmd;
  Words args;
};

class MergedCommand : public testing::TestWithParam<CommandCase> {};

TEST_P(MergedCommand, FollowsDocker) {
  const CommandCase& example = GetParam();
  image::ImageConfig image;
  image.entrypoint = example.image_entrypoint;
  image.cmd = example.image_cmd;
  Config flags;
  flags.entrypoint = example.flag_entrypoint;
  flags.cmd = example.flag_cmd;
  const Config merged = merge_config(image, flags);
  if (example.args.empty()) {
    EXPECT_THROW(command_of(merged, "web"), Error);
  } else {
    EXPECT_EQ(command_of(merged, "web"), example.args);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Create, MergedCommand,
    testing::Values(
        CommandCase{"nothing", {}, {}, {}, {}, {}},
        CommandCase{"image_cmd", {}, Words{"sh"}, {}, {}, {"sh"}},
        CommandCase{"image_both", Words{"nginx"}, Words{"-g"}, {}, {}, {"nginx", "-g"}},
        CommandCase{"flag_cmd", Words{"nginx"}, Words{"-g"}, {}, Words{"-t"}, {"nginx", "-t"}},
        CommandCase{"flag_cmd_only", {}, Words{"sh"}, {}, Words{"ls"}, {"ls"}},
        CommandCase{
            "flag_entrypoint_drops_cmd", Words{"nginx"}, Words{"-g"}, Words{"sh"}, {}, {"sh"}},
        CommandCase{
            "flag_both", Words{"nginx"}, Words{"-g"}, Words{"sh"}, Words{"-c"}, {"sh", "-c"}},
        CommandCase{"reset_entrypoint", Words{"nginx"}, Words{"-g"}, Words{""}, {}, {}},
        CommandCase{"reset_entrypoint_with_cmd",
                    Words{"nginx"},
                    Words{"-g"},
                    Words{""},
                    Words{"ls"},
                    {"ls"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Create, VariablesAreMergedByNameAndFlagsWin) {
  image::ImageConfig image;
  image.env = {"PATH=/bin", "A=image", "B=image", "GONE=1"};
  Config flags;
  flags.env = {"A=first", "C=flag", "A=last", "GONE"};
  EXPECT_THAT(merge_config(image, flags).env,
              ElementsAre("C=flag", "A=last", "PATH=/bin", "B=image"));
}

TEST(Create, WhatFlagsLeaveOutComesFromTheImage) {
  image::ImageConfig image;
  image.user = "web";
  image.working_dir = "/srv";
  image.stop_signal = "SIGQUIT";
  image.labels = {{"a", "image"}, {"b", "image"}};
  Config flags;
  flags.labels = {{"a", "flag"}};
  flags.user = "0";
  const Config merged = merge_config(image, flags);
  EXPECT_EQ(merged.user, "0");
  EXPECT_EQ(merged.working_dir, "/srv");
  EXPECT_EQ(merged.stop_signal, "SIGQUIT");
  EXPECT_THAT(merged.labels, ElementsAre(testing::Pair("a", "flag"), testing::Pair("b", "image")));
}

TEST(Create, HealthcheckIsInheritedChangedOrSwitchedOff) {
  image::ImageConfig image;
  image.healthcheck = image::Healthcheck{{"CMD", "check"}, 5, 6, 0, 0, 4};
  Config flags;
  EXPECT_EQ(merge_config(image, flags).healthcheck, image.healthcheck);
  flags.healthcheck.emplace().interval_ns = 9;
  const auto merged = merge_config(image, flags).healthcheck;
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->interval_ns, 9);
  EXPECT_EQ(merged->retries, 4);
  EXPECT_THAT(merged->test, ElementsAre("CMD", "check"));
  flags.healthcheck->test = {"NONE"};
  EXPECT_EQ(merge_config(image, flags).healthcheck, std::nullopt);
}

MountRequest volume(const std::string& name, const std::string& destination) {
  MountRequest mount;
  mount.type = MountRequest::Type::volume;
  mount.source = name;
  mount.destination = destination;
  return mount;
}

TEST(Create, MountsAreUniqueCleanAndShallowFirst) {
  Config config;
  config.volumes = {"/data", "/srv/cache/"};
  HostConfig host;
  host.mounts = {volume("v", "/srv/cache/deep"), volume("w", "/data/"), volume("", "/x")};
  const std::vector<MountRequest> mounts = merge_mounts(config, host);
  ASSERT_EQ(mounts.size(), 4u);
  EXPECT_EQ(mounts[0].destination, "/data");
  EXPECT_EQ(mounts[0].source, "w");
  EXPECT_FALSE(mounts[0].anonymous);
  EXPECT_EQ(mounts[1].destination, "/x");
  EXPECT_TRUE(mounts[1].anonymous);
  EXPECT_EQ(mounts[2].destination, "/srv/cache");
  EXPECT_TRUE(mounts[2].anonymous);
  EXPECT_EQ(mounts[3].destination, "/srv/cache/deep");
}

TEST(Create, TheSameDestinationTwiceIsRefused) {
  HostConfig host;
  host.mounts = {volume("v", "/data"), volume("w", "/data/../data")};
  EXPECT_THROW(merge_mounts({}, host), Error);
}

void expect_refused(const CreateRequest& request, const std::string& text) {
  try {
    check_request(request);
    FAIL() << "accepted, but expected: " << text;
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), HasSubstr(text));
  }
}

TEST(CheckRequest, AcceptsTheDefaults) {
  EXPECT_NO_THROW(check_request({}));
}

TEST(CheckRequest, NamesTheFlagThatIsWrong) {
  const auto with = [](auto change) {
    CreateRequest request;
    change(request);
    return request;
  };
  expect_refused(with([](auto& r) { r.name = "-x"; }), "container name");
  expect_refused(with([](auto& r) { r.host.network_mode = "bridge"; }), "--network \"bridge\"");
  expect_refused(with([](auto& r) { r.host.network_mode = "container:"; }), "--network");
  expect_refused(with([](auto& r) {
                   r.host.network_mode = "host";
                   r.host.networks = {{"web", {}, "", "", ""}};
                 }),
                 "cannot be combined with other networks");
  expect_refused(with([](auto& r) { r.host.extra_hosts = {"up:host-gateway"}; }), "--add-host");
  expect_refused(with([](auto& r) { r.host.pid_mode = "container:"; }), "--pid");
  expect_refused(with([](auto& r) { r.host.memory = 1; }), "--memory");
  expect_refused(with([](auto& r) { r.host.memory_swap = 1 << 30; }), "--memory-swap");
  expect_refused(with([](auto& r) { r.host.nano_cpus = 1'000'000'000'000'000; }), "--cpus");
  expect_refused(with([](auto& r) { r.host.cpuset_cpus = "3-1"; }), "--cpuset-cpus");
  expect_refused(with([](auto& r) { r.host.cap_add = {"SYS_ADMN"}; }), "SYS_ADMN");
  expect_refused(with([](auto& r) { r.host.ulimits = {{"nofil", {1, 1}}}; }), "--ulimit");
  expect_refused(with([](auto& r) { r.host.ulimits = {{"nofile", {5, 1}}}; }), "--ulimit nofile");
  expect_refused(with([](auto& r) { r.host.sysctls = {{"kernel.panic", "1"}}; }), "--sysctl");
  expect_refused(with([](auto& r) { r.host.sysctls = {{"net/../kernel", "1"}}; }), "--sysctl");
  expect_refused(with([](auto& r) { r.host.security_opt = {"label=type:x"}; }), "--security-opt");
  expect_refused(with([](auto& r) { r.host.security_opt = {"seccomp=/nonexistent/profile"}; }),
                 "/nonexistent/profile");
  expect_refused(with([](auto& r) { r.host.devices = {{"/nonexistent", "", "rwm"}}; }), "--device");
  expect_refused(with([](auto& r) { r.host.device_cgroup_rules = {"c 1"}; }),
                 "--device-cgroup-rule");
  expect_refused(with([](auto& r) { r.host.extra_hosts = {"nocolon"}; }), "--add-host");
  expect_refused(with([](auto& r) { r.host.extra_hosts = {"a:1\nevil:2"}; }), "--add-host");
  expect_refused(with([](auto& r) { r.host.log_driver = "syslog"; }), "--log-driver");
  expect_refused(with([](auto& r) { r.config.env = {"=x"}; }), "-e");
  expect_refused(with([](auto& r) { r.config.working_dir = "relative"; }), "-w");
  expect_refused(with([](auto& r) { r.config.stop_signal = "SIGNOPE"; }), "SIGNOPE");
  expect_refused(with([](auto& r) {
                   r.host.auto_remove = true;
                   r.host.restart.kind = RestartPolicy::Kind::always;
                 }),
                 "--rm and --restart");
  expect_refused(with([](auto& r) {
                   r.host.network_mode = "host";
                   r.host.sysctls = {{"net.core.somaxconn", "1"}};
                 }),
                 "would change the host");
}

TEST(CheckRequest, WhoJoinsAContainersNetworkBringsNothingOfItsOwn) {
  const auto joined = [](auto change) {
    CreateRequest request;
    request.host.network_mode = "container:web";
    change(request);
    return request;
  };
  EXPECT_NO_THROW(check_request(joined([](auto&) {})));
  expect_refused(joined([](auto& r) { r.config.hostname = "x"; }), "--hostname");
  expect_refused(joined([](auto& r) { r.config.exposed_ports = {"80/tcp"}; }), "--expose");
  expect_refused(joined([](auto& r) { r.host.ports.emplace_back(); }), "--publish");
  expect_refused(joined([](auto& r) { r.host.publish_all = true; }), "--publish-all");
  expect_refused(joined([](auto& r) { r.host.dns = {"192.0.2.1"}; }), "--dns");
  expect_refused(joined([](auto& r) { r.host.dns_search = {"x"}; }), "--dns-search");
  expect_refused(joined([](auto& r) { r.host.dns_options = {"x"}; }), "--dns-option");
  expect_refused(joined([](auto& r) { r.host.extra_hosts = {"a:192.0.2.1"}; }), "--add-host");
}

TEST(CheckRequest, MountSourcesMustExistUnlessTheyAreToBeMade) {
  CreateRequest request;
  MountRequest& mount = request.host.mounts.emplace_back();
  mount.source = "/nonexistent/source";
  mount.destination = "/data";
  expect_refused(request, "does not exist");
  mount.create_host_path = true;
  EXPECT_NO_THROW(check_request(request));
  mount.destination = "/";
  expect_refused(request, "cannot be \"/\"");
  mount.destination = "data";
  expect_refused(request, "not an absolute path");
}

}  // namespace
}  // namespace mini::engine
