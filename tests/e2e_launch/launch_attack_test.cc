// Attacks on runtimes, each with the name it became known by.
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "sandbox.h"

namespace mini::container {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Attack : public Sandbox {
 protected:
  void replace_by_link(const std::string& inside, const std::string& target) {
    remove_tree(path(inside));
    ASSERT_EQ(symlink(target.c_str(), path(inside).c_str()), 0);
  }
};

TEST_F(Attack, CVE_2019_5736_TheRuntimesBinaryIsOutOfReach) {
  // What ran before the command is the sealed launcher; /proc/self/exe as the command reaches only
  // the container's own program.
  Spec wanted = spec({"report"});
  wanted.process->args = {"/proc/self/exe", "report"};
  const Outcome out = run(wanted);
  EXPECT_NE(out.code, 0);
  EXPECT_EQ(out.output, "");
}

TEST_F(Attack, CVE_2019_19921_ProcAsALink) {
  make_directories(path("/evil"));
  replace_by_link("/proc", "/evil");
  EXPECT_THAT(run(spec({"report"})).error, HasSubstr("mount /proc: a symbolic link is in the way"));
}

TEST_F(Attack, CVE_2023_27561_ProcThroughAVolume) {
  make_directories(scratch_ + "/volume/proc");
  Spec wanted = spec({"report"});
  wanted.mounts.push_back({"/proc/self/attr", "bind", scratch_ + "/volume", {"bind"}, {}, {}});
  EXPECT_THAT(run(wanted).error, HasSubstr("nothing may be mounted there"));
  wanted = spec({"report"});
  wanted.mounts[0] = {"/proc", "bind", scratch_ + "/volume", {"bind"}, {}, {}};
  EXPECT_THAT(run(wanted).error, HasSubstr("only a procfs may be bound to /proc"));
}

TEST_F(Attack, CVE_2023_28642_SysAsALink) {
  make_directories(path("/evil"));
  replace_by_link("/sys", "/evil");
  Spec wanted = spec({"report"});
  wanted.mounts.push_back({"/sys", "sysfs", "sysfs", {"ro"}, {}, {}});
  EXPECT_THAT(run(wanted).error, HasSubstr("mount /sys: a symbolic link is in the way"));
}

TEST_F(Attack, CVE_2025_52881_ALinkThatLeadsAMountIntoProc) {
  make_directories(scratch_ + "/volume");
  replace_by_link("/tmp", "/proc/sys");
  Spec wanted = spec({"report"});
  wanted.mounts.push_back({"/tmp", "bind", scratch_ + "/volume", {"bind"}, {}, {}});
  EXPECT_THAT(run(wanted).error,
              HasSubstr("mount /tmp: the destination is inside /proc, /sys or /dev"));
}

TEST_F(Attack, ALinkThatLeadsAVolumeOntoDevOrSys) {
  make_directories(scratch_ + "/volume");
  for (const char* target : {"/dev", "/sys", "/sys/kernel"}) {
    replace_by_link("/tmp", target);
    Spec wanted = spec({"report"});
    wanted.mounts.push_back({"/sys", "sysfs", "sysfs", {"ro"}, {}, {}});
    wanted.mounts.push_back({"/tmp", "bind", scratch_ + "/volume", {"bind"}, {}, {}});
    EXPECT_THAT(run(wanted).error,
                HasSubstr("mount /tmp: the destination is inside /proc, /sys or /dev"))
        << target;
    // No device node, no link of ours in the host's directory.
    EXPECT_TRUE(list_directory(scratch_ + "/volume").empty()) << target;
  }
}

TEST_F(Attack, CVE_2023_28642_SysThroughAVolume) {
  make_directories(scratch_ + "/volume");
  const auto with = [&](const Mount& mount) {
    Spec wanted = spec({"report"});
    wanted.mounts.push_back({"/sys", "sysfs", "sysfs", {"ro"}, {}, {}});
    wanted.mounts.push_back(mount);
    return run(wanted).error;
  };
  const std::string volume = scratch_ + "/volume";
  EXPECT_THAT(with({"/sys", "bind", volume, {"bind"}, {}, {}}),
              HasSubstr("only a sysfs may be bound to /sys"));
  EXPECT_THAT(with({"/sys/../sys/fs", "bind", volume, {"bind"}, {}, {}}),
              HasSubstr("only what is the kernel's own may be bound inside /sys"));
  EXPECT_THAT(with({"/sys", "tmpfs", "tmpfs", {}, {}, {}}),
              HasSubstr("mount /sys: type \"tmpfs\" cannot stand in for sysfs"));
  EXPECT_THAT(with({"/sys/fs", "tmpfs", "tmpfs", {}, {}, {}}),
              HasSubstr("mount /sys/fs: type \"tmpfs\" cannot stand in for sysfs"));
  // The host's own stays possible.
  EXPECT_EQ(with({"/sys", "bind", "/sys", {"rbind", "ro"}, {}, {}}), "");
  EXPECT_EQ(with({"/sys/kernel", "bind", "/sys/kernel", {"bind", "ro"}, {}, {}}), "");
  EXPECT_EQ(with({"/sys/fs/cgroup", "tmpfs", "tmpfs", {}, {}, {}}), "");
}

TEST_F(Attack, CVE_2026_41579_DevAsALinkToTheHost) {
  make_directories(scratch_ + "/outside");
  replace_by_link("/dev", scratch_ + "/outside");
  EXPECT_THAT(run(spec({"report"})).error, HasSubstr("mount /dev: a symbolic link is in the way"));
  EXPECT_TRUE(list_directory(scratch_ + "/outside").empty());
}

TEST_F(Attack, CVE_2021_30465_DestinationsSwappedDuringTheMounts) {
  make_directories(scratch_ + "/volume");
  make_directories(path("/a"));
  replace_file(scratch_ + "/volume/mine", "", false);
  ASSERT_EQ(symlink("/", path("/b").c_str()), 0);
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    while (!stop)
      syscall(SYS_renameat2, AT_FDCWD, path("/a").c_str(), AT_FDCWD, path("/b").c_str(),
              RENAME_EXCHANGE);
  });
  for (int i = 0; i < 40; ++i) {
    Spec wanted = spec({"exit", "0"});
    wanted.mounts.push_back({"/a/x", "bind", scratch_ + "/volume", {"bind"}, {}, {}});
    run(wanted);
    // A link to "/" means the container's root, whenever it is looked at.
    EXPECT_FALSE(exists("/x"));
  }
  stop = true;
  swapper.join();
}

TEST_F(Attack, CVE_2024_21626_WorkingDirectoryThroughALeakedDescriptor) {
  Spec wanted = spec({"report"});
  for (const int fd : {3, 4, 5, 6, 7, 8, 9, 64, 65, 66, 67, 68}) {
    wanted.process->cwd = cat("/proc/self/fd/", fd);
    const Outcome out = run(wanted);
    EXPECT_NE(out.code, 0) << fd << ": " << out.output;
  }
  replace_by_link("/tmp", "/proc/self/fd/7/../../..");
  wanted.process->cwd = "/tmp";
  EXPECT_NE(run(wanted).code, 0);
}

TEST_F(Attack, CVE_2024_21626_Exec) {
  Launched container = start(spec({"pause"}));
  Spec wanted = spec({"report"});
  for (const int fd : {3, 4, 5, 6, 64, 65, 66, 67}) {
    wanted.process->cwd = cat("/proc/self/fd/", fd);
    EXPECT_NE(exec(container, {"report"}, wanted).code, 0) << fd;
  }
  stop(container);
}

TEST_F(Attack, CVE_2024_45310_NoFileIsMadeOutside) {
  make_directories(scratch_ + "/outside");
  replace_file(scratch_ + "/file", "x", false);
  replace_by_link("/tmp", "../../../../../" + scratch_ + "/outside");
  Spec wanted = spec({"report"});
  wanted.mounts.push_back({"/tmp/made", "bind", scratch_ + "/file", {"bind"}, {}, {}});
  run(wanted);
  EXPECT_TRUE(list_directory(scratch_ + "/outside").empty());
  remove_tree(path("/tmp"));
  ASSERT_EQ(mkdir(path("/tmp").c_str(), 0755), 0);
  ASSERT_EQ(symlink((scratch_ + "/outside/made").c_str(), path("/tmp/made").c_str()), 0);
  run(wanted);
  EXPECT_TRUE(list_directory(scratch_ + "/outside").empty());
}

TEST_F(Attack, CVE_2025_31133_MasksDoNotUseTheImagesNull) {
  Spec wanted = spec({"cat", "/proc/uptime"});
  wanted.mounts.erase(wanted.mounts.begin() + 1,
                      wanted.mounts.end());  // no tmpfs: /dev is the image's
  replace_file(path("/dev/null"), "not the null device", false);
  wanted.linux_.masked_paths = {"/proc/uptime"};
  const Outcome out = run(wanted);
  // An image's /dev/null that is a file is refused; under no circumstances does it become the mask.
  EXPECT_THAT(out.error, HasSubstr("device /dev/null"));
}

TEST_F(Attack, CVE_2025_31133_AMaskCannotBeChanged) {
  Spec wanted = spec({"chmod", "/proc/uptime", "0777"});
  wanted.linux_.masked_paths = {"/proc/uptime"};
  EXPECT_THAT(run(wanted).output, HasSubstr("Read-only file system"));
}

TEST_F(Attack, CVE_2025_52565_ConsoleIsTheContainersOwnTerminal) {
  Spec wanted = spec({"stat", "/dev/console"});
  wanted.process->terminal = true;
  EXPECT_THAT(run(wanted).output, HasSubstr("device 136:0"));
  // A volume in place of devpts is not taken for a terminal.
  make_directories(scratch_ + "/volume");
  replace_file(scratch_ + "/volume/ptmx", "", false);
  wanted.mounts[2] = {"/dev/pts", "bind", scratch_ + "/volume", {"bind"}, {}, {}};
  EXPECT_THAT(run(wanted).error, HasSubstr("is not a devpts"));
}

TEST_F(Attack, CVE_2022_0492_ReleaseAgentIsNotWritable) {
  Spec wanted = default_spec();
  wanted.root.path = root_;
  wanted.process->args = {"/bin/probe", "cat", "/proc/self/mountinfo"};
  const Outcome out = run(wanted);
  ASSERT_EQ(out.error, "");
  for (const auto& line : split(out.output, '\n')) {
    if (line.find(" cgroup") == std::string::npos) continue;
    EXPECT_THAT(line, HasSubstr(" ro,")) << line;
  }
}

TEST_F(Attack, CVE_2024_9341_MountTargetsNeverLeaveTheRoot) {
  replace_file(scratch_ + "/hosts", "mine", false);
  replace_file(scratch_ + "/outside", "untouched", false);
  ASSERT_EQ(symlink((scratch_ + "/outside").c_str(), path("/etc/hosts").c_str()), 0);
  Spec wanted = spec({"report"});
  wanted.mounts.push_back({"/etc/hosts", "bind", scratch_ + "/hosts", {"bind", "ro"}, {}, {}});
  run(wanted);
  EXPECT_EQ(read_file(scratch_ + "/outside"), "untouched");
}

}  // namespace
}  // namespace mini::container
