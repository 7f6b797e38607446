#include "runtime/engine/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/engine/sandbox/sandbox_facts.h"

namespace mini::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Record plain_record() {
  Record record;
  record.id = std::string(64, 'c');
  record.args = {"sh"};
  return record;
}

SandboxFacts plain_facts() {
  SandboxFacts facts;
  facts.overlay.lower = {"/layers/one"};
  facts.overlay.upper = "/c/upper";
  facts.overlay.work = "/c/work";
  facts.user.home = "/root";
  facts.volumes = "/volumes";
  facts.hosts = "/c/hosts";
  return facts;
}

bool has_namespace(const container::Spec& spec, const std::string& type) {
  return std::any_of(spec.linux_.namespaces.begin(), spec.linux_.namespaces.end(),
                     [&](const container::Namespace& space) { return space.type == type; });
}

const container::Mount* mount_at(const container::Spec& spec, const std::string& destination) {
  const container::Mount* found = nullptr;
  for (const container::Mount& mount : spec.mounts) {
    if (mount.destination != destination) continue;
    EXPECT_EQ(found, nullptr) << destination << " is mounted twice";
    found = &mount;
  }
  return found;
}

TEST(Sandbox, TheDefaultIsClosed) {
  const container::Spec spec = make_spec(plain_record(), plain_facts());
  for (const char* type : {"mount", "uts", "ipc", "pid", "network"})
    EXPECT_TRUE(has_namespace(spec, type)) << type;
  EXPECT_EQ(spec.hostname, "cccccccccccc");
  EXPECT_EQ(spec.linux_.cgroups_path, std::string(64, 'c'));
  ASSERT_TRUE(spec.linux_.seccomp);
  EXPECT_TRUE(spec.linux_.seccomp->builtin_default);
  ASSERT_TRUE(spec.process->capabilities);
  EXPECT_THAT(spec.process->capabilities->bounding, Contains("CAP_CHOWN"));
  EXPECT_THAT(spec.process->capabilities->bounding, Not(Contains("CAP_SYS_ADMIN")));
  EXPECT_THAT(spec.process->capabilities->inheritable, IsEmpty());
  EXPECT_THAT(spec.process->capabilities->ambient, IsEmpty());
  EXPECT_THAT(spec.linux_.masked_paths, Contains("/proc/kcore"));
  EXPECT_THAT(spec.linux_.readonly_paths, Contains("/proc/sys"));
  ASSERT_FALSE(spec.linux_.resources.devices.empty());
  EXPECT_FALSE(spec.linux_.resources.devices[0].allow);
  EXPECT_EQ(spec.overlay->upper, "/c/upper");
  EXPECT_EQ(mount_at(spec, "/etc/hosts")->source, "/c/hosts");
  EXPECT_EQ(mount_at(spec, "/etc/hostname"), nullptr);  // no file was made for it
}

TEST(Sandbox, PrivilegedOpensIt) {
  Record record = plain_record();
  record.host.privileged = true;
  const container::Spec spec = make_spec(record, plain_facts());
  EXPECT_FALSE(spec.linux_.seccomp);
  EXPECT_THAT(spec.linux_.masked_paths, IsEmpty());
  EXPECT_THAT(spec.linux_.readonly_paths, IsEmpty());
  EXPECT_THAT(spec.process->capabilities->effective, Contains("CAP_SYS_ADMIN"));
  ASSERT_EQ(spec.linux_.resources.devices.size(), 1u);
  EXPECT_TRUE(spec.linux_.resources.devices[0].allow);
  EXPECT_THAT(mount_at(spec, "/sys")->options, Contains("rw"));
  EXPECT_THAT(mount_at(spec, "/sys")->options, Not(Contains("ro")));
}

TEST(Sandbox, AnOrdinaryUserHasOnlyABoundingSet) {
  SandboxFacts facts = plain_facts();
  facts.user.user.uid = 1000;
  const container::Spec spec = make_spec(plain_record(), facts);
  EXPECT_THAT(spec.process->capabilities->bounding, Contains("CAP_CHOWN"));
  EXPECT_THAT(spec.process->capabilities->effective, IsEmpty());
  EXPECT_THAT(spec.process->capabilities->permitted, IsEmpty());
}

TEST(Sandbox, NamespacesAreSharedWhenAsked) {
  Record record = plain_record();
  record.host.network_mode = "host";
  record.host.pid_mode = "container:x";
  record.host.ipc_mode = "host";
  record.host.uts_mode = "host";
  SandboxFacts facts = plain_facts();
  facts.join_pid_namespace = "/proc/42/ns/pid";
  const container::Spec spec = make_spec(record, facts);
  EXPECT_FALSE(has_namespace(spec, "network"));
  EXPECT_FALSE(has_namespace(spec, "ipc"));
  EXPECT_FALSE(has_namespace(spec, "uts"));
  EXPECT_EQ(spec.hostname, "");
  EXPECT_THAT(spec.linux_.namespaces,
              Contains(Field(&container::Namespace::path, "/proc/42/ns/pid")));
  EXPECT_EQ(mount_at(spec, "/dev/shm")->source, "/dev/shm");
}

TEST(Sandbox, MountsOfTheUserReplaceTheSandboxsOwn) {
  Record record = plain_record();
  MountRequest bind;
  bind.source = "/srv/hosts";
  bind.destination = "/etc/hosts";
  bind.read_only = true;
  MountRequest volume;
  volume.type = MountRequest::Type::volume;
  volume.source = "data";
  volume.destination = "/dev/shm";
  record.mounts = {bind, volume};
  const container::Spec spec = make_spec(record, plain_facts());
  EXPECT_EQ(mount_at(spec, "/etc/hosts")->source, "/srv/hosts");
  EXPECT_THAT(mount_at(spec, "/etc/hosts")->options, ElementsAre("rbind", "rprivate", "rro"));
  EXPECT_EQ(mount_at(spec, "/dev/shm")->source, "/volumes/data/_data");
}

TEST(Sandbox, TmpfsIsStrictUnlessToldOtherwise) {
  MountRequest request;
  request.type = MountRequest::Type::tmpfs;
  request.destination = "/run";
  request.tmpfs_size = 1024;
  request.tmpfs_mode = 01777;
  request.tmpfs_options = {"exec"};
  EXPECT_THAT(make_mount(request, "").options,
              ElementsAre("nosuid", "nodev", "noexec", "size=1024", "mode=1777", "exec"));
}

TEST(Sandbox, ShmHasTheSizeThatWasAskedFor) {
  Record record = plain_record();
  record.host.shm_size = 4096;
  EXPECT_THAT(mount_at(make_spec(record, plain_facts()), "/dev/shm")->options,
              Contains("size=4096"));
  EXPECT_THAT(mount_at(make_spec(record, plain_facts()), "/dev/shm")->options,
              Not(Contains("size=67108864")));
}

TEST(Sandbox, SecurityOptionsChangeWhatTheySay) {
  Record record = plain_record();
  record.host.security_opt = {"no-new-privileges", "seccomp=unconfined", "mask=/proc/cpuinfo",
                              "unmask=/proc/kcore"};
  const container::Spec spec = make_spec(record, plain_facts());
  EXPECT_TRUE(spec.process->no_new_privileges);
  EXPECT_FALSE(spec.linux_.seccomp);
  EXPECT_THAT(spec.linux_.masked_paths, Contains("/proc/cpuinfo"));
  EXPECT_THAT(spec.linux_.masked_paths, Not(Contains("/proc/kcore")));
  EXPECT_THAT(spec.linux_.masked_paths, Contains("/proc/keys"));
}

TEST(Sandbox, EnvironmentHasDockersDefaultsUnderTheContainersOwn) {
  Record record = plain_record();
  record.config.env = {"PATH=/bin", "X=1", "NOVALUE"};
  record.config.hostname = "web";
  EXPECT_THAT(make_environment(record, "/home/web"),
              ElementsAre("PATH=/bin", "HOSTNAME=web", "X=1", "HOME=/home/web"));
  record.config.tty = true;
  record.config.env = {"HOME=/elsewhere"};
  EXPECT_THAT(make_environment(record, "/home/web"),
              ElementsAre(HasSubstr("PATH=/usr/local/sbin"), "HOSTNAME=web", "TERM=xterm",
                          "HOME=/elsewhere"));
}

TEST(Sandbox, LimitsAreTranslated) {
  HostConfig host;
  host.memory = 64 << 20;
  host.nano_cpus = 1'500'000'000;
  host.pids_limit = 10;
  host.cpuset_cpus = "0";
  const container::Resources with_swap = make_resources(host, true);
  EXPECT_EQ(with_swap.memory.limit, 64 << 20);
  EXPECT_EQ(with_swap.memory.swap, 128 << 20);
  EXPECT_EQ(with_swap.cpu.quota, 150'000);
  EXPECT_EQ(with_swap.cpu.period, 100'000u);
  EXPECT_EQ(with_swap.pids_limit, 10);
  EXPECT_EQ(make_resources(host, false).memory.swap, std::nullopt);
  host.memory_swap = -1;
  EXPECT_EQ(make_resources(host, false).memory.swap, -1);
  EXPECT_EQ(make_resources({}, true).memory.limit, std::nullopt);
}

TEST(Sandbox, UlimitsAndCapabilitiesAreGranted) {
  Record record = plain_record();
  record.host.ulimits = {{"nofile", {10, 20}}, {"core", {-1, -1}}};
  record.host.cap_add = {"SYS_TIME"};
  record.host.cap_drop = {"CHOWN"};
  const container::Spec spec = make_spec(record, plain_facts());
  ASSERT_EQ(spec.process->rlimits.size(), 2u);
  EXPECT_EQ(spec.process->rlimits[0].type, "RLIMIT_NOFILE");
  EXPECT_EQ(spec.process->rlimits[1].hard, ~uint64_t{0});
  EXPECT_THAT(spec.process->capabilities->bounding, Contains("CAP_SYS_TIME"));
  EXPECT_THAT(spec.process->capabilities->bounding, Not(Contains("CAP_CHOWN")));
}

TEST(SandboxFiles, HostsAndResolverFollowTheFlags) {
  EXPECT_THAT(hosts_file({"db:10.0.0.1", "six=[::2]"}), HasSubstr("\n10.0.0.1\tdb\n::2\tsix\n"));
  const std::string host = "# comment\nnameserver 1.1.1.1\nsearch example.org\noptions ndots:2\n";
  EXPECT_EQ(resolv_conf(host, {}), "nameserver 1.1.1.1\nsearch example.org\noptions ndots:2\n");
  HostConfig flags;
  flags.dns = {"9.9.9.9"};
  flags.dns_search = {"."};
  EXPECT_EQ(resolv_conf(host, flags), "options ndots:2\nnameserver 9.9.9.9\n");
}

}  // namespace
}  // namespace mini::engine
