#include "runtime/container/cgroup/cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup_files.h"
#include "runtime/container/cgroup/limits.h"

namespace mini::container {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::string> text(const LimitWrites& writes) {
  std::vector<std::string> lines;
  for (const auto& write : writes) lines.push_back(cat(write.file, " = ", write.value));
  return lines;
}

std::vector<std::string> in_v1(const char* controller, const Resources& resources,
                               std::optional<uint64_t> swap = {}) {
  return text(limits_v1(controller, resources, swap));
}
std::vector<std::string> in_v2(const char* controller, const Resources& resources) {
  return text(limits_v2(controller, resources));
}

TEST(CgroupHost, KnowsAHybrid) {
  const auto host = CgroupHost::parse(
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup "
      "rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,memory\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      "4:memory:/a\n0::/b/c\n");
  EXPECT_EQ(host.layout, CgroupLayout::hybrid);
  EXPECT_EQ(host.unified, "/sys/fs/cgroup/unified");
  EXPECT_EQ(host.own, "/b/c");
  EXPECT_THAT(host.v1, ElementsAre(Pair("cpu", "/sys/fs/cgroup/cpu,cpuacct"),
                                   Pair("cpuacct", "/sys/fs/cgroup/cpu,cpuacct"),
                                   Pair("memory", "/sys/fs/cgroup/mem ory")));
  EXPECT_EQ(*host.v1_mount("memory"), "/sys/fs/cgroup/mem ory");
  EXPECT_EQ(host.v1_mount("pids"), nullptr);
}

TEST(CgroupHost, KnowsTheOtherLayouts) {
  const char* const v2_line =
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate\n";
  const char* const v1_line = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  const char* const named =
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n";
  EXPECT_EQ(CgroupHost::parse(v2_line, "0::/\n").layout, CgroupLayout::v2);
  EXPECT_EQ(CgroupHost::parse(cat(v2_line, named), "0::/\n").layout, CgroupLayout::v2)
      << "a named hierarchy limits nothing";
  EXPECT_EQ(CgroupHost::parse(v1_line, "4:memory:/\n").layout, CgroupLayout::v1);
  EXPECT_EQ(CgroupHost::parse("", "").layout, CgroupLayout::none);
  EXPECT_EQ(CgroupHost::parse("garbage - cgroup\n1 2 - cgroup2 x\n", "").layout,
            CgroupLayout::none);
}

TEST(CgroupLimits, Memory) {
  Resources resources;
  EXPECT_THAT(in_v1("memory", resources), IsEmpty());
  EXPECT_THAT(in_v2("memory", resources), IsEmpty());
  resources.memory.limit = 1000;
  resources.memory.swap = 1500;
  resources.memory.reservation = 700;
  EXPECT_THAT(in_v2("memory", resources),
              ElementsAre("memory.max = 1000", "memory.swap.max = 500", "memory.low = 700"));
  EXPECT_THAT(in_v1("memory", resources),
              ElementsAre("memory.limit_in_bytes = 1000", "memory.memsw.limit_in_bytes = 1500",
                          "memory.soft_limit_in_bytes = 700"));
  resources.memory = {};
  resources.memory.limit = -1;
  resources.memory.swap = -1;
  EXPECT_THAT(in_v2("memory", resources), ElementsAre("memory.max = max", "memory.swap.max = max"));
}

TEST(CgroupLimits, V1NeverHasMemoryAboveMemoryAndSwap) {
  Resources resources;
  resources.memory.limit = 1000;
  resources.memory.swap = 1500;
  EXPECT_THAT(in_v1("memory", resources, 800),
              ElementsAre("memory.memsw.limit_in_bytes = 1500", "memory.limit_in_bytes = 1000"));
  EXPECT_THAT(in_v1("memory", resources, 9000),
              ElementsAre("memory.limit_in_bytes = 1000", "memory.memsw.limit_in_bytes = 1500"));
  resources.memory.swap = -1;
  EXPECT_THAT(in_v1("memory", resources, 800),
              ElementsAre("memory.memsw.limit_in_bytes = -1", "memory.limit_in_bytes = 1000"));
}

TEST(CgroupLimits, MemoryThatMakesNoSenseIsRefused) {
  Resources resources;
  resources.memory.swap = 1000;
  EXPECT_THROW(in_v1("memory", resources), Error);
  EXPECT_THROW(in_v2("memory", resources), Error);
  resources.memory.limit = 2000;
  EXPECT_THROW(in_v1("memory", resources), Error);
  EXPECT_THROW(in_v2("memory", resources), Error);
  resources.memory = {};
  resources.memory.swappiness = 10;
  EXPECT_THAT(in_v1("memory", resources), ElementsAre("memory.swappiness = 10"));
  EXPECT_THROW(in_v2("memory", resources), Error);
  resources.memory = {};
  resources.memory.disable_oom_killer = false;
  EXPECT_THAT(in_v2("memory", resources), IsEmpty());
  resources.memory.disable_oom_killer = true;
  EXPECT_THROW(in_v2("memory", resources), Error);
}

TEST(CgroupLimits, Cpu) {
  Resources resources;
  resources.cpu.shares = 1024;
  resources.cpu.quota = 50'000;
  resources.cpu.period = 200'000;
  resources.cpu.burst = 1000;
  EXPECT_THAT(in_v2("cpu", resources),
              ElementsAre("cpu.weight = 100", "cpu.max = 50000 200000", "cpu.max.burst = 1000"));
  EXPECT_THAT(in_v1("cpu", resources),
              ElementsAre("cpu.shares = 1024", "cpu.cfs_period_us = 200000",
                          "cpu.cfs_quota_us = 50000", "cpu.cfs_burst_us = 1000"));
  resources.cpu = {};
  resources.cpu.quota = -1;
  EXPECT_THAT(in_v2("cpu", resources), ElementsAre("cpu.max = max 100000"));
  resources.cpu = {};
  resources.cpu.realtime_runtime = 5;
  EXPECT_THROW(in_v2("cpu", resources), Error);
  resources.cpu = {};
  resources.cpu.cpus = "0-1";
  resources.cpu.mems = "0";
  EXPECT_THAT(in_v1("cpuset", resources), ElementsAre("cpuset.cpus = 0-1", "cpuset.mems = 0"));
  EXPECT_THAT(in_v2("cpuset", resources), ElementsAre("cpuset.cpus = 0-1", "cpuset.mems = 0"));
}

TEST(CgroupLimits, AnIdleGroupHasNoShares) {
  Resources resources;
  resources.cpu.shares = 512;
  resources.cpu.idle = 1;
  EXPECT_THAT(in_v1("cpu", resources), ElementsAre("cpu.idle = 1"));
  EXPECT_THAT(in_v2("cpu", resources), ElementsAre("cpu.idle = 1"));
  resources.cpu.idle = 0;
  EXPECT_THAT(in_v1("cpu", resources), ElementsAre("cpu.idle = 0", "cpu.shares = 512"));
  EXPECT_THAT(in_v2("cpu", resources), ElementsAre("cpu.idle = 0", "cpu.weight = 59"));
}

TEST(CgroupLimits, UnlimitedNeedsNoController) {
  Resources resources;
  resources.memory.limit = resources.memory.swap = resources.memory.reservation = -1;
  resources.memory.disable_oom_killer = false;
  resources.cpu.quota = -1;
  resources.cpu.period = 100'000;
  resources.cpu.burst = 0;
  resources.cpu.idle = 0;
  resources.pids_limit = -1;
  EXPECT_THAT(needed_controllers(resources), IsEmpty());
  resources.memory.swappiness = 0;
  resources.cpu.quota = 1000;
  resources.cpu.mems = "0";
  resources.pids_limit = 1;
  resources.block_io.read_iops = {{8, 0, 0}};
  resources.hugepage_limits = {{"2MB", 0}};
  EXPECT_THAT(needed_controllers(resources),
              ElementsAre("memory", "cpu", "cpuset", "pids", "blkio", "hugetlb"));
}

TEST(CgroupLimits, SharesMeetWeightsAtTheEndsAndAtTheDefault) {
  EXPECT_EQ(weight_of_shares(0), 1u);
  EXPECT_EQ(weight_of_shares(2), 1u);
  EXPECT_EQ(weight_of_shares(1024), 100u);
  EXPECT_EQ(weight_of_shares(262144), 10000u);
  EXPECT_EQ(weight_of_shares(1 << 30), 10000u);
  uint64_t before = 0;
  for (uint64_t shares = 2; shares <= 262144; shares *= 2) {
    EXPECT_GE(weight_of_shares(shares), before);
    before = weight_of_shares(shares);
  }
}

TEST(CgroupLimits, ProcessesHugePagesAndBlockIo) {
  Resources resources;
  resources.pids_limit = 64;
  EXPECT_THAT(in_v1("pids", resources), ElementsAre("pids.max = 64"));
  for (const int64_t none : {0, -1}) {
    resources.pids_limit = none;
    EXPECT_THAT(in_v2("pids", resources), ElementsAre("pids.max = max"));
  }
  resources.hugepage_limits = {{"2MB", 4096}};
  EXPECT_THAT(in_v1("hugetlb", resources), ElementsAre("hugetlb.2MB.limit_in_bytes = 4096"));
  EXPECT_THAT(in_v2("hugetlb", resources), ElementsAre("hugetlb.2MB.max = 4096"));
  resources.block_io.weight = 1000;
  resources.block_io.read_bps = {{8, 0, 1024}};
  resources.block_io.write_iops = {{8, 16, 0}};
  EXPECT_THAT(in_v2("blkio", resources),
              ElementsAre("io.weight = default 10000", "io.max = 8:0 rbps=1024",
                          "io.max = 8:16 wiops=max"));
  EXPECT_THAT(in_v1("blkio", resources),
              ElementsAre("blkio.bfq.weight = 1000", "blkio.throttle.read_bps_device = 8:0 1024",
                          "blkio.throttle.write_iops_device = 8:16 0"));
}

TEST(Cgroup, TextLeadsBack) {
  const std::string recorded =
      "=/sys/fs/cgroup/unified/mini/x\nmemory=/sys/fs/cgroup/memory/mini/x=y";
  const Cgroup group = Cgroup::from_string(recorded);
  EXPECT_EQ(group.str(), recorded);
  EXPECT_EQ(group.directory(""), "/sys/fs/cgroup/unified/mini/x");
  EXPECT_EQ(group.directory("memory"), "/sys/fs/cgroup/memory/mini/x=y");
  EXPECT_EQ(group.directory("pids"), std::nullopt);
  EXPECT_TRUE(group);
  EXPECT_FALSE(Cgroup::from_string(""));
  EXPECT_THROW(Cgroup::from_string("relative"), Error);
  EXPECT_THROW(Cgroup::from_string("=relative"), Error);
  EXPECT_THROW(Cgroup::from_string("=/sys/fs/cgroup/../../etc"), Error);
  EXPECT_THROW(Cgroup::from_string("=/sys/fs/cgroup/.."), Error);
}

TEST(Cgroup, NoneIsHarmless) {
  const Cgroup none;
  EXPECT_FALSE(none);
  EXPECT_THAT(none.processes(), IsEmpty());
  EXPECT_FALSE(none.clone_fd());
  EXPECT_FALSE(none.frozen());
  none.kill_all();
  none.remove();
  EXPECT_THROW(none.freeze(), Error);
  EXPECT_THROW(Cgroup().update({}), Error);
}

TEST(CgroupFiles, Values) {
  EXPECT_EQ(keyed_number("oom 3\noom_kill 7\n", "oom_kill"), 7u);
  EXPECT_EQ(keyed_number("oom_kill_x 3\n", "oom_kill"), 0u);
  EXPECT_THAT(words(" cpu  io\nmemory\n"), ElementsAre("cpu", "io", "memory"));
  EXPECT_THAT(words("\n"), IsEmpty());
}

}  // namespace
}  // namespace mini::container
