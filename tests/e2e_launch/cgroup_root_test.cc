// Control groups for real: makes, limits, freezes, kills, measures and removes groups on this
// machine's layout (v1, hybrid or v2), and reads back from the kernel what was written. Needs root;
// skips, saying why, without it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/cgroup/device_filter.h"

namespace mini::container {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CgroupRoot : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    if (CgroupHost::get().layout == CgroupLayout::none) GTEST_SKIP() << "no cgroup is mounted here";
  }

  void TearDown() override {
    for (const pid_t pid : children_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    group_.remove();
    for (const auto& line : split(group_.str(), '\n')) {
      if (line.empty()) continue;
      EXPECT_FALSE(exists(line.substr(line.find('=') + 1))) << line;
    }
  }

  // Each test in a group of its own, so that they may run side by side.
  std::string name() const {
    return cat("test-", getpid(), "-",
               testing::UnitTest::GetInstance()->current_test_info()->name());
  }

  void create(const Resources& resources) { group_ = Cgroup::create(name(), resources); }

  // A child in the group, as the launcher makes it: born in the v2 directory, added to the others
  // before it does anything.
  pid_t spawn(const std::function<int()>& body) {
    int gate[2];
    if (pipe(gate) != 0) return -1;
    clone_args args = {};
    args.exit_signal = SIGCHLD;
    const auto fd = group_.clone_fd();
    if (fd) {
      args.flags = CLONE_INTO_CGROUP;
      args.cgroup = fd->get();
    }
    const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
    if (pid == 0) {
      char byte;
      close(gate[1]);
      const ssize_t ignored = read(gate[0], &byte, 1);
      (void)ignored;
      _exit(body());
    }
    EXPECT_GT(pid, 0) << strerror(errno);
    close(gate[0]);
    group_.add(pid, fd.has_value());
    close(gate[1]);
    if (pid > 0) children_.push_back(pid);
    return pid;
  }

  int wait_for(pid_t pid) {
    int status = -1;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    std::erase(children_, pid);
    return status;
  }

  // What the kernel holds in the v1 file if the controller is v1's here, else in the v2 file.
  std::string value(const std::string& controller, const std::string& v1_file,
                    const std::string& v2_file) {
    const auto v1 = group_.directory(controller);
    const auto dir = v1 ? *v1 : group_.directory("").value_or("/nowhere");
    return std::string(trim(read_file(cat(dir, "/", v1 ? v1_file : v2_file))));
  }

  Cgroup group_;
  std::vector<pid_t> children_;
};

int sleep_for_ever() {
  for (;;) pause();
}

TEST_F(CgroupRoot, MakesListsAndRemoves) {
  create({});
  EXPECT_THAT(group_.processes(), IsEmpty());
  const pid_t pid = spawn(sleep_for_ever);
  EXPECT_THAT(group_.processes(), ElementsAre(pid));
  EXPECT_EQ(group_.stats().pids, 1u);

  const Cgroup again = Cgroup::from_string(group_.str());
  EXPECT_THAT(again.processes(), ElementsAre(pid));
  again.remove();
  EXPECT_EQ(WTERMSIG(wait_for(pid)), SIGKILL);
  EXPECT_THAT(again.processes(), IsEmpty());
  again.remove();  // missing is fine
}

TEST_F(CgroupRoot, WithoutLimitsOnlyTheFreeDirectoryIsJoinedOnHybrid) {
  if (CgroupHost::get().layout != CgroupLayout::hybrid) GTEST_SKIP() << "the layout is not hybrid";
  create({});
  EXPECT_EQ(group_.str().find('\n'), std::string::npos);
  EXPECT_TRUE(group_.directory(""));
}

TEST_F(CgroupRoot, LimitsAreWhatTheKernelHolds) {
  Resources resources;
  resources.memory.limit = 64 << 20;
  resources.cpu.shares = 512;
  resources.cpu.period = 50'000;
  resources.cpu.quota = 25'000;
  resources.cpu.cpus = "0";
  resources.pids_limit = 17;
  create(resources);
  EXPECT_EQ(value("memory", "memory.limit_in_bytes", "memory.max"), std::to_string(64 << 20));
  EXPECT_EQ(value("pids", "pids.max", "pids.max"), "17");
  EXPECT_EQ(value("cpuset", "cpuset.cpus", "cpuset.cpus"), "0");
  if (group_.directory("cpu")) {
    EXPECT_EQ(value("cpu", "cpu.shares", ""), "512");
    EXPECT_EQ(value("cpu", "cpu.cfs_period_us", ""), "50000");
    EXPECT_EQ(value("cpu", "cpu.cfs_quota_us", ""), "25000");
  } else {
    EXPECT_EQ(value("cpu", "", "cpu.max"), "25000 50000");
    EXPECT_EQ(value("cpu", "", "cpu.weight"), "59");
  }
  const CgroupStats stats = group_.stats();
  EXPECT_EQ(stats.memory_limit, 64u << 20);
  EXPECT_EQ(stats.pids_limit, 17u);
}

TEST_F(CgroupRoot, UpdateChangesAndJoinsWithAllProcesses) {
  create({});
  const pid_t first = spawn(sleep_for_ever);
  const pid_t second = spawn(sleep_for_ever);
  Resources resources;
  resources.pids_limit = 30;
  resources.memory.limit = 128 << 20;
  group_.update(resources);
  EXPECT_EQ(value("pids", "pids.max", "pids.max"), "30");
  EXPECT_EQ(value("memory", "memory.limit_in_bytes", "memory.max"), std::to_string(128 << 20));
  EXPECT_EQ(group_.stats().pids, 2u);
  for (const pid_t pid : {first, second})
    EXPECT_THAT(read_file(cat("/proc/", pid, "/cgroup")), HasSubstr(name()));
  for (const char* controller : {"pids", "memory"}) {
    const std::string dir =
        group_.directory(controller).value_or(group_.directory("").value_or(""));
    EXPECT_THAT(split(trim(read_file(dir + "/cgroup.procs")), '\n').size(), 2u) << controller;
  }

  resources = {};
  resources.pids_limit = -1;
  resources.memory.limit = 32 << 20;
  group_.update(resources);
  EXPECT_EQ(value("pids", "pids.max", "pids.max"), "max");
  EXPECT_EQ(value("memory", "memory.limit_in_bytes", "memory.max"), std::to_string(32 << 20));
}

TEST_F(CgroupRoot, MemoryAndSwapMoveUpAndDownTogether) {
  Resources resources;
  resources.memory.limit = 64 << 20;
  resources.memory.swap = 96 << 20;
  try {
    create(resources);
  } catch (const Error& error) {
    GTEST_SKIP() << "no swap accounting: " << error.what();
  }
  const auto expect = [&](int64_t limit, int64_t swap) {
    EXPECT_EQ(value("memory", "memory.limit_in_bytes", "memory.max"), std::to_string(limit));
    EXPECT_EQ(value("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
              std::to_string(group_.directory("memory") ? swap : swap - limit));
  };
  expect(64 << 20, 96 << 20);
  for (const int64_t mebibytes : {256, 32}) {
    resources.memory.limit = mebibytes << 20;
    resources.memory.swap = mebibytes << 20;
    group_.update(resources);
    expect(mebibytes << 20, mebibytes << 20);
  }
}

TEST_F(CgroupRoot, AProcessLimitHolds) {
  Resources resources;
  resources.pids_limit = 3;
  create(resources);
  const pid_t pid = spawn([] {
    int made = 0;
    while (made < 10) {
      const pid_t child = fork();
      if (child < 0) break;
      if (child == 0) sleep_for_ever();
      ++made;
    }
    return made;
  });
  EXPECT_EQ(WEXITSTATUS(wait_for(pid)), 2);
}

TEST_F(CgroupRoot, AMemoryLimitKillsAndIsCounted) {
  Resources resources;
  resources.memory.limit = 32 << 20;
  create(resources);
  EXPECT_EQ(group_.oom_kills(), 0u);
  const pid_t pid = spawn([] {
    // Swap, where there is some, would take what the limit refuses.
    mlockall(MCL_CURRENT | MCL_FUTURE);
    const size_t size = 128 << 20;
    char* memory = static_cast<char*>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory == MAP_FAILED) return 1;
    for (size_t at = 0; at < size; at += 4096) memory[at] = 1;
    return 0;
  });
  const int status = wait_for(pid);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(group_.oom_kills(), 1u);
  EXPECT_EQ(group_.stats().oom_kills, 1u);
}

TEST_F(CgroupRoot, FreezesAndThaws) {
  create({});
  // The counter stands still while the group is frozen.
  auto* counter = static_cast<volatile uint64_t*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  spawn([counter]() -> int {
    for (;;) *counter = *counter + 1;
  });
  EXPECT_FALSE(group_.frozen());
  group_.freeze();
  EXPECT_TRUE(group_.frozen());
  const uint64_t at_first = *counter;
  usleep(50'000);
  EXPECT_EQ(*counter, at_first);
  group_.thaw();
  EXPECT_FALSE(group_.frozen());
  const uint64_t thawed = *counter;
  for (int i = 0; i < 500 && *counter == thawed; ++i) usleep(10'000);
  EXPECT_GT(*counter, thawed);
  munmap(const_cast<uint64_t*>(counter), 4096);
}

TEST_F(CgroupRoot, KillsAForkBombAndAFrozenGroup) {
  Resources resources;
  resources.pids_limit = 100;  // a fork bomb, kept from the rest of the machine
  create(resources);
  const pid_t forker = spawn([]() -> int {
    for (;;) {
      fork();
      usleep(1000);
    }
  });
  for (int i = 0; i < 1000 && group_.processes().size() < 50; ++i) usleep(5000);
  EXPECT_GE(group_.processes().size(), 50u);
  group_.kill_all();
  EXPECT_THAT(group_.processes(), IsEmpty());
  EXPECT_EQ(WTERMSIG(wait_for(forker)), SIGKILL);

  const pid_t frozen = spawn(sleep_for_ever);
  group_.freeze();
  group_.kill_all();
  EXPECT_THAT(group_.processes(), IsEmpty());
  EXPECT_EQ(WTERMSIG(wait_for(frozen)), SIGKILL);
}

TEST_F(CgroupRoot, GroupsMadeInsideAreListedKilledAndRemoved) {
  create({});
  const std::string top = group_.str().substr(group_.str().find('=') + 1);
  const std::string dir = top.substr(0, top.find('\n'));
  ASSERT_EQ(mkdir((dir + "/a").c_str(), 0755), 0);
  ASSERT_EQ(mkdir((dir + "/a/b").c_str(), 0755), 0);
  const pid_t pid = spawn(sleep_for_ever);
  write_existing(dir + "/a/b/cgroup.procs", std::to_string(pid));
  const auto listed =
      Cgroup::from_string(cat(group_.str().substr(0, group_.str().find('\n')))).processes();
  EXPECT_THAT(listed, ElementsAre(pid));
  group_.remove();
  EXPECT_FALSE(exists(dir));
  EXPECT_EQ(WTERMSIG(wait_for(pid)), SIGKILL);
}

TEST_F(CgroupRoot, AGroupInUseIsRefusedAndKept) {
  create({});
  const pid_t pid = spawn(sleep_for_ever);
  try {
    Cgroup::create(name(), {});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::conflict);
    EXPECT_THAT(error.what(), HasSubstr("holds processes"));
  }
  EXPECT_THAT(group_.processes(), ElementsAre(pid));
}

TEST_F(CgroupRoot, ARefusedLimitIsNamedAndNothingIsLeft) {
  Resources resources;
  resources.pids_limit = 5;
  resources.cpu.cpus = "9999";
  try {
    create(resources);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("CPU set 9999: cannot be set"));
    EXPECT_THAT(error.what(), HasSubstr("cpuset.cpus"));
    EXPECT_FALSE(error.hint().empty());
  }
  for (const auto& [controller, mount] : CgroupHost::get().v1)
    EXPECT_FALSE(exists(cat(mount, "/mini/", name()))) << controller;
  EXPECT_FALSE(exists(cat(CgroupHost::get().unified, "/mini/", name())));
}

TEST_F(CgroupRoot, AnAbsolutePathStartsAtTheMountAndDotDotIsRefused) {
  group_ = Cgroup::create(cat("/", name(), "/inner"), {});
  const auto line = split(group_.str(), '\n').front();
  EXPECT_TRUE(line.ends_with(cat("/", name(), "/inner")));
  EXPECT_EQ(line.find("/mini/"), std::string::npos);
  const std::string dir = line.substr(line.find('=') + 1);
  EXPECT_THROW(Cgroup::create("a/../../b", {}), Error);
  EXPECT_THROW(Cgroup::create("/..", {}), Error);
  EXPECT_THROW(Cgroup::create("", {}), Error);
  EXPECT_THROW(Cgroup::create("/", {}), Error);
  EXPECT_THROW(Cgroup::create("a\nb", {}), Error);
  group_.remove();
  for (const auto& each : split(group_.str(), '\n')) {
    const std::string inner = each.substr(each.find('=') + 1);
    const std::string outer = inner.substr(0, inner.rfind('/'));
    EXPECT_TRUE(rmdir(outer.c_str()) == 0 || errno == ENOENT)
        << outer;  // cpu and cpuacct share one
  }
}

// 0, or the errno with which opening the device for `flags` failed.
int try_device(const char* path, int flags) {
  const int fd = open(path, flags);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

TEST_F(CgroupRoot, DevicesAreFilteredAndReplaced) {
  if (!device_filter_possible()) GTEST_SKIP() << "no privilege for device filters";
  if (try_device("/dev/kmsg", O_RDONLY) != 0) GTEST_SKIP() << "no /dev/kmsg here";
  create({});
  const auto probe = [&] {
    return WEXITSTATUS(wait_for(spawn([] {
      if (try_device("/dev/null", O_RDWR) != 0) return 1;
      return try_device("/dev/kmsg", O_RDONLY) == EPERM ? 2 : 3;
    })));
  };
  EXPECT_EQ(probe(), 2);
  Resources resources;
  resources.devices = {{false, "a", {}, {}, "rwm"}, {true, "c", 1, 11, "r"}};
  group_.update(resources);
  EXPECT_EQ(probe(), 3);
  resources.devices.pop_back();
  group_.update(resources);
  EXPECT_EQ(probe(), 2);
  resources.devices = {{true, "a", {}, {}, "rwm"}};
  group_.update(resources);
  EXPECT_EQ(probe(), 3);
}

TEST_F(CgroupRoot, StatsCountTimeMemoryAndProcesses) {
  create({});
  auto* ready = static_cast<volatile int*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  spawn([ready]() -> int {
    const size_t size = 24 << 20;
    char* memory = static_cast<char*>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t at = 0; at < size; at += 4096) memory[at] = 1;
    timespec used = {};
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_nsec < 50'000'000 && used.tv_sec == 0);
    *ready = 1;
    return sleep_for_ever();
  });
  for (int i = 0; i < 2000 && !*ready; ++i) usleep(5000);
  ASSERT_TRUE(*ready);
  const CgroupStats stats = group_.stats();
  EXPECT_GE(stats.cpu_ns, 40'000'000u);
  EXPECT_GE(stats.memory_bytes.value_or(0), 24u << 20);
  EXPECT_EQ(stats.pids, 1u);
  EXPECT_EQ(stats.memory_limit, std::nullopt);
  munmap(const_cast<int*>(ready), 4096);
}

TEST_F(CgroupRoot, UnifiedFilesAreWrittenVerbatimWhereTheyExist) {
  Resources resources;
  resources.unified["cgroup.max.depth"] = "7";
  if (CgroupHost::get().unified.empty()) {
    EXPECT_THROW(create(resources), Error);
    return;
  }
  create(resources);
  EXPECT_EQ(trim(read_file(*group_.directory("") + "/cgroup.max.depth")), "7");
  resources.unified = {{"memory.nonsense", "1"}};
  EXPECT_THROW(group_.update(resources), Error);
  resources.unified = {{"../cgroup.procs", "1"}};
  EXPECT_THROW(group_.update(resources), Error);
}

}  // namespace
}  // namespace mini::container
