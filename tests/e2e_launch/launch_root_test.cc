// What a started container is, seen from inside and from outside.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "sandbox.h"

namespace mini::container {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST_F(Sandbox, RunsWithItsOwnIdentity) {
  Spec wanted = spec({"report"});
  wanted.hostname = "box";
  wanted.process->user = {1000, 100, std::nullopt, {100, 7}};
  wanted.process->cwd = "/work/deep";
  const Outcome out = run(wanted);
  EXPECT_EQ(out.error, "");
  EXPECT_EQ(out.code, 0);
  EXPECT_THAT(out.output, HasSubstr("pid 1 ppid 0 sid 1\nuid 1000 gid 100\ngroups: 7 100\numask "
                                    "22\ncwd /work/deep\nhostname box\n"));
  EXPECT_EQ(line_of(out.output, "fds:"), "fds: 0 1 2");
  EXPECT_EQ(line_of(out.output, "SigIgn"), "SigIgn:\t0000000000000000");
  EXPECT_EQ(line_of(out.output, "SigBlk"), "SigBlk:\t0000000000000000");
}

TEST_F(Sandbox, CapabilitiesExactly) {
  Outcome out = run(spec({"report"}));
  EXPECT_EQ(line_of(out.output, "CapEff"), "CapEff:\t00000000080000e3");
  EXPECT_EQ(line_of(out.output, "CapBnd"), "CapBnd:\t00000000080000e3");
  EXPECT_EQ(line_of(out.output, "CapInh"), "CapInh:\t0000000000000000");
  EXPECT_EQ(line_of(out.output, "CapAmb"), "CapAmb:\t0000000000000000");
  Spec none = spec({"report"});
  none.process->capabilities.reset();
  none.process->no_new_privileges = true;
  out = run(none);
  EXPECT_EQ(line_of(out.output, "CapBnd"), "CapBnd:\t0000000000000000");
  EXPECT_EQ(line_of(out.output, "NoNewPrivs"), "NoNewPrivs:\t1");
}

TEST_F(Sandbox, AmbientCapabilitiesReachAnOrdinaryUser) {
  Spec wanted = spec({"report"});
  wanted.process->user.uid = 1000;
  const std::vector<std::string> kill = {"CAP_KILL"};
  wanted.process->capabilities = Capabilities{kill, kill, kill, kill, kill};
  EXPECT_EQ(line_of(run(wanted).output, "CapEff"), "CapEff:\t0000000000000020");
}

TEST_F(Sandbox, FilterIsLoadedWithAndWithoutNoNewPrivileges) {
  Spec wanted = spec({"report"});
  wanted.linux_.seccomp.emplace().builtin_default = true;
  for (const bool quiet : {false, true}) {
    wanted.process->no_new_privileges = quiet;
    const Outcome out = run(wanted);
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(line_of(out.output, "Seccomp"), "Seccomp:\t2");
    // The capability that was kept to load it is gone.
    EXPECT_EQ(line_of(out.output, "CapPrm"), "CapPrm:\t00000000080000e3");
  }
}

TEST_F(Sandbox, TheHostsMountsAreOutOfSight) {
  Spec wanted = spec({"cat", "/proc/self/mountinfo"});
  wanted.linux_.masked_paths = {"/proc/keys"};
  const Outcome out = run(wanted);
  EXPECT_EQ(split(trim(out.output), '\n').size(), 5u) << out.output;
}

TEST_F(Sandbox, OverlayIsWrittenToItsUpper) {
  Spec wanted = spec({"write", "/etc/hello", "hi"});
  for (const char* dir : {"/top", "/upper", "/work"}) make_directories(scratch_ + dir);
  make_directories(scratch_ + "/top/etc");
  replace_file(scratch_ + "/top/etc/hello", "", false);
  for (const bool throwaway : {false, true}) {
    wanted.overlay = Spec::Overlay{
        {root_, scratch_ + "/top"}, scratch_ + "/upper", scratch_ + "/work", false, throwaway};
    const Outcome out = run(wanted);
    EXPECT_EQ(out.error + out.output, "");
    EXPECT_EQ(read_file(scratch_ + "/upper/etc/hello"), "hi");
    remove_tree(scratch_ + "/work");
    make_directories(scratch_ + "/work");
  }
  wanted.overlay = Spec::Overlay{{root_, scratch_ + "/top"}, "", "", false, false};
  wanted.mounts = {};
  wanted.linux_.namespaces = {{"mount", ""}};
  EXPECT_THAT(run(wanted).error, HasSubstr("/dev"));  // nowhere to make devices: said, not skipped
}

TEST_F(Sandbox, OverlayOf200LayersWithAndWithoutLowerdirAppending) {
  // Names of more than 255 bytes do not fit fsconfig: the same way that kernels before 6.8 need.
  for (const std::string& middle :
       {std::string("/l"), cat("/", std::string(200, 'l'), "/", std::string(60, 'm'))}) {
    Spec wanted = spec({"list", "/etc"});
    wanted.overlay.emplace().lower = {root_};
    for (int i = 0; i < 200; ++i) {
      const std::string layer = cat(scratch_, middle, i);
      make_directories(layer + "/etc");
      replace_file(cat(layer, "/etc/f", i), "", false);
      wanted.overlay->lower.push_back(layer);
    }
    make_directories(scratch_ + "/upper");
    make_directories(scratch_ + "/work");
    wanted.overlay->upper = scratch_ + "/upper";
    wanted.overlay->work = scratch_ + "/work";
    const Outcome out = run(wanted);
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(split(trim(out.output), '\n').size(), 200u);
    remove_tree(scratch_ + "/upper");
    remove_tree(scratch_ + "/work");
  }
}

TEST_F(Sandbox, ReadOnlyRoot) {
  Spec wanted = spec({"write", "/etc/x", "x"});
  replace_file(root_ + "/etc/x", "", false);
  wanted.root.readonly = true;
  EXPECT_THAT(run(wanted).output, HasSubstr("Read-only file system"));
}

TEST_F(Sandbox, BindMountsKeepTheirPlaceAndFlags) {
  replace_file(scratch_ + "/file", "from the host", false);
  make_directories(scratch_ + "/dir");
  Spec wanted = spec({"cat", "/etc/made/file"});
  wanted.mounts.push_back({"/etc/made/file", "bind", scratch_ + "/file", {"bind", "ro"}, {}, {}});
  EXPECT_EQ(run(wanted).output, "from the host");
  wanted.process->args = {"probe", "write", "/etc/made/file", "x"};
  EXPECT_THAT(run(wanted).output, HasSubstr("Read-only"));
  wanted.mounts.push_back({"/data", "bind", "/nosuch", {"rbind"}, {}, {}});
  EXPECT_THAT(run(wanted).error,
              HasSubstr("mount /data: source \"/nosuch\": No such file or directory"));
}

TEST_F(Sandbox, TmpfsCanStartWithTheImagesFiles) {
  replace_file(root_ + "/etc/x", "kept", false);
  Spec wanted = spec({"cat", "/etc/x"});
  wanted.mounts.push_back({"/etc", "tmpfs", "tmpfs", {"tmpcopyup", "ro"}, {}, {}});
  EXPECT_EQ(run(wanted).output, "kept");
}

TEST_F(Sandbox, MaskedAndReadOnlyPaths) {
  Spec wanted = spec({"cat", "/proc/uptime"});
  wanted.linux_.masked_paths = {"/proc/uptime", "/proc/scsi", "/proc/irq", "/nosuch"};
  wanted.linux_.readonly_paths = {"/proc/sys"};
  Outcome out = run(wanted);
  EXPECT_EQ(out.error + out.output, "");
  wanted.process->args = {"probe", "list", "/proc/irq"};
  EXPECT_EQ(run(wanted).output, "");
  wanted.process->args = {"probe", "write", "/proc/sys/kernel/hostname", "x"};
  EXPECT_THAT(run(wanted).output, HasSubstr("Read-only"));
}

TEST_F(Sandbox, SysctlAndLoopback) {
  Spec wanted = spec({"cat", "/proc/sys/kernel/msgmax"});
  wanted.linux_.sysctl = {{"kernel.msgmax", "4444"}};
  wanted.linux_.readonly_paths = {"/proc/sys"};
  EXPECT_EQ(run(wanted).output, "4444\n");
  wanted.process->args = {"probe", "cat", "/proc/net/route"};
  wanted.process->args = {"probe", "cat", "/proc/net/if_inet6"};
  EXPECT_THAT(run(wanted).output, HasSubstr(" lo"));
}

TEST_F(Sandbox, LimitsAreClampedAndSet) {
  Spec wanted = spec({"report"});
  wanted.process->rlimits = {{"RLIMIT_NOFILE", 100, 200}, {"RLIMIT_NPROC", ~0ULL, ~0ULL}};
  const Outcome out = run(wanted);
  EXPECT_EQ(out.error, "");
  EXPECT_EQ(line_of(out.output, "nofile"), "nofile 100:200");
}

TEST_F(Sandbox, StandardStreamsWithoutDescriptorAreTheContainersNull) {
  LaunchOptions options;
  const Outcome out = run(spec({"stat", "/proc/self/fd/0"}), options);
  EXPECT_EQ(out.code, 0);
  Spec wanted = spec({"chmod", "/proc/self/fd/0", "0000"});
  EXPECT_EQ(run(wanted).code, 0);  // TearDown looks at the host's
}

TEST_F(Sandbox, PipesBelongToTheUser) {
  Spec wanted = spec({"write", "/proc/self/fd/1", "reopened"});
  wanted.process->user.uid = 1000;
  EXPECT_EQ(run(wanted).output, "reopened");
}

TEST_F(Sandbox, TerminalIsTheContainersOwn) {
  Spec wanted = spec({"isatty"});
  wanted.process->terminal = true;
  wanted.process->console_size = {24, 80};
  const Outcome out = run(wanted);
  EXPECT_EQ(out.error, "");
  EXPECT_THAT(out.output, HasSubstr("1 1 1 /dev/pts/0"));
  wanted.process->args = {"probe", "stat", "/dev/console"};
  wanted.process->user.uid = 1000;
  EXPECT_THAT(run(wanted).output, HasSubstr("uid 1000"));
}

TEST_F(Sandbox, InitReapsForwardsAndTellsTheCode) {
  Spec wanted = spec({"exit", "42"});
  wanted.process->init = true;
  EXPECT_EQ(run(wanted).code, 42);
  wanted.process->args = {"probe", "signal", "15"};
  Launched container = start(wanted);
  signal_pidfd(container.pidfd.get(), SIGTERM);
  EXPECT_EQ(exit_code_of(wait_child(container.process.pid)), 15);
  container.cgroup.remove();
}

TEST_F(Sandbox, ExecJoinsEverything) {
  Spec wanted = spec({"pause"});
  wanted.hostname = "box";
  wanted.linux_.namespaces.push_back({"cgroup", ""});
  Launched container = start(wanted);
  const Outcome out = exec(container, {"report"}, wanted);
  EXPECT_EQ(out.error, "");
  EXPECT_THAT(out.output, HasSubstr("ppid 0"));
  EXPECT_THAT(out.output, HasSubstr("hostname box"));
  EXPECT_EQ(line_of(out.output, "fds:"), "fds: 0 1 2");
  EXPECT_EQ(line_of(out.output, "CapEff"), "CapEff:\t00000000080000e3");
  EXPECT_EQ(exec(container, {"exit", "3"}, wanted).code, 3);
  Spec lost = wanted;
  lost.process->cwd = "/nosuch";
  EXPECT_THAT(exec(container, {"report"}, lost).error,
              HasSubstr("chdir /nosuch: No such file or directory"));
  stop(container);
  EXPECT_EQ(exec(container, {"report"}, wanted).kind, ErrorKind::conflict);
}

TEST_F(Sandbox, TheGateHoldsTheCommandBack) {
  LaunchOptions options;
  options.start_fifo = scratch_ + "/gate";
  ASSERT_EQ(mkfifo(options.start_fifo.c_str(), 0600), 0);
  Launched container = start(spec({"exit", "9"}), options);
  EXPECT_TRUE(container.process.alive());
  EXPECT_EQ(waitpid(container.process.pid, nullptr, WNOHANG), 0);
  const Fd gate = open_file(options.start_fifo, O_WRONLY | O_NONBLOCK);
  write_all(gate.get(), "s", "gate");
  EXPECT_EQ(exit_code_of(wait_child(container.process.pid)), 9);
  container.cgroup.remove();
  EXPECT_EQ(run(
                [&] {
                  Spec s = spec({});
                  s.process->args = {"nosuch"};
                  return s;
                }(),
                options)
                .kind,
            ErrorKind::no_command);
}

TEST_F(Sandbox, PreservedDescriptorsStartAtThree) {
  const Fd file = open_file(scratch_, O_RDONLY);
  LaunchOptions options;
  options.preserve_fds = {file.get(), file.get()};
  EXPECT_EQ(line_of(run(spec({"report"}), options).output, "fds:"), "fds: 0 1 2 3 4");
}

TEST_F(Sandbox, HooksSeeTheStateAndMayFail) {
  Spec wanted = spec({"cat", "/etc/hooked"});
  replace_file(scratch_ + "/hook", cat("#!/bin/sh\ncat >", root_, "/etc/hooked\n"), false, 0755);
  wanted.hooks.create_runtime = {{scratch_ + "/hook", {}, {"PATH=/bin"}, 5}};
  Outcome out = run(wanted);
  EXPECT_EQ(out.error, "");
  EXPECT_THAT(
      out.output,
      ContainsRegex("\"id\":\"launch-test-[0-9]+\".*\"status\":\"creating\".*\"pid\":[0-9]+}"));
  wanted.hooks.start_container = {{"/bin/probe", {"probe", "exit", "3"}, {}, 5}};
  EXPECT_THAT(run(wanted).error, HasSubstr("run-hook /bin/probe: exited with an error"));
  wanted.hooks.start_container = {{"/bin/probe", {"probe", "pause"}, {}, 1}};
  EXPECT_THAT(run(wanted).error, HasSubstr("timed out"));
  wanted.hooks.start_container.clear();
  replace_file(scratch_ + "/hook", "#!/bin/sh\necho no luck >&2\nexit 4\n", false, 0755);
  EXPECT_THAT(run(wanted).error, HasSubstr("exit code 4: no luck"));
  replace_file(scratch_ + "/hook", "#!/bin/sh\nsleep 60\n", false, 0755);
  wanted.hooks.create_runtime[0].timeout = 1;
  EXPECT_THAT(run(wanted).error, HasSubstr("not finished after 1 s"));
}

TEST_F(Sandbox, UserNamespace) {
  Spec wanted = spec({"report"});
  ASSERT_EQ(chown(root_.c_str(), 100000, 100000), 0);
  for (const char* dir : {"/bin", "/proc", "/sys", "/dev", "/etc", "/tmp"})
    ASSERT_EQ(chown((root_ + dir).c_str(), 100000, 100000), 0);
  wanted.linux_.namespaces.push_back({"user", ""});
  wanted.linux_.uid_mappings = wanted.linux_.gid_mappings = {{0, 100000, 65536}};
  wanted.linux_.masked_paths = {"/proc/keys"};
  wanted.process->user.uid = 7;
  Outcome out = run(wanted);
  EXPECT_EQ(out.error, "");
  EXPECT_THAT(out.output, HasSubstr("uid 7 gid 0"));
  wanted.process->args = {"probe", "cat", "/proc/self/uid_map"};
  EXPECT_THAT(run(wanted).output, ContainsRegex("0 +100000 +65536"));
  wanted.process->args = {"probe", "stat", "/dev/null"};
  EXPECT_THAT(run(wanted).output, HasSubstr("device 1:3"));
}

TEST_F(Sandbox, IdMappedBind) {
  make_directories(scratch_ + "/owned");
  ASSERT_EQ(chown((scratch_ + "/owned").c_str(), 0, 0), 0);
  Spec wanted = spec({"stat", "/owned"});
  wanted.mounts.push_back(
      {"/owned", "bind", scratch_ + "/owned", {"bind", "idmap"}, {{0, 1000, 10}}, {{0, 1000, 10}}});
  const Outcome out = run(wanted);
  EXPECT_THAT(out.error + out.output, HasSubstr("uid 1000 gid 1000"));
}

TEST_F(Sandbox, JoinsNamespacesOfAnother) {
  Spec first = spec({"pause"});
  first.hostname = "first";
  Launched container = start(first);
  Spec second = spec({"report"});
  second.linux_.namespaces = {{"mount", ""},
                              {"pid", cat("/proc/", container.process.pid, "/ns/pid")},
                              {"uts", cat("/proc/", container.process.pid, "/ns/uts")},
                              {"network", cat("/proc/", container.process.pid, "/ns/net")}};
  LaunchOptions options;
  options.name = name_ + "-second";
  pid_t told = 0;
  options.on_created = [&](pid_t pid) { told = pid; };
  const Outcome out = run(second, options);
  EXPECT_EQ(out.error, "");
  EXPECT_GT(told, 0);
  EXPECT_THAT(out.output, HasSubstr("hostname first"));
  EXPECT_THAT(out.output, Not(HasSubstr("pid 1 ")));
  stop(container);
}

TEST_F(Sandbox, TheContainerDiesWithItsParent) {
  const Pipe told = make_pipe();
  const pid_t parent = fork();
  if (parent == 0) {
    Spec wanted = spec({"pause"});
    wanted.process->user.uid = 1000;  // the change of identity must not lose it
    LaunchOptions options;
    options.die_with_parent = true;
    const Launched container = start(wanted, options);
    write_all(told.write.get(), std::to_string(container.process.pid), "test");
    _exit(0);
  }
  wait_child(parent);
  char text[16] = {};
  ASSERT_GT(read(told.read.get(), text, sizeof text - 1), 0);
  const std::optional<ProcessId> left =
      ProcessId::of(static_cast<pid_t>(strtol(text, nullptr, 10)));
  for (int i = 0; left && left->alive() && i < 500; ++i) usleep(10'000);
  EXPECT_FALSE(left && left->alive());
  Cgroup::find(name_).remove();
}

TEST_F(Sandbox, OomScoreAndPausedExec) {
  Spec wanted = spec({"pause"});
  wanted.process->oom_score_adj = 500;
  Launched container = start(wanted);
  EXPECT_EQ(read_file(cat("/proc/", container.process.pid, "/oom_score_adj")), "500\n");
  container.cgroup.freeze();
  EXPECT_EQ(exec(container, {"report"}, wanted).kind, ErrorKind::conflict);
  container.cgroup.thaw();
  EXPECT_EQ(exec(container, {"exit", "0"}, wanted).code, 0);
  stop(container);
}

TEST_F(Sandbox, ErrorsSayWhatAndLeaveNothing) {
  Spec wanted = spec({});
  wanted.process->args = {"nosuch"};
  Outcome out = run(wanted);
  EXPECT_EQ(out.kind, ErrorKind::no_command);
  EXPECT_EQ(out.error, "exec: \"nosuch\": executable file not found in $PATH");
  wanted.process->args = {"/etc"};
  EXPECT_EQ(run(wanted).kind, ErrorKind::not_executable);
  replace_file(root_ + "/bin/script", "#!/bin/nothere\n", false, 0755);
  wanted.process->args = {"script"};
  EXPECT_THAT(run(wanted).error, HasSubstr("interpreter \"/bin/nothere\" is missing"));
  wanted = spec({"report"});
  wanted.mounts.push_back({"/x", "nosuchfs", "", {}, {}, {}});
  EXPECT_THAT(run(wanted).error, HasSubstr("mount /x: fs nosuchfs: No such device"));
  wanted = spec({"report"});
  wanted.mounts.push_back({"/x", "tmpfs", "", {"size=lots"}, {}, {}});
  EXPECT_THAT(run(wanted).error, HasSubstr("mount /x: option size=lots: Invalid argument"));
  wanted = spec({"report"});
  wanted.root.path = "/nosuch";
  EXPECT_THAT(run(wanted).error,
              HasSubstr("root file system \"/nosuch\": No such file or directory"));
}

}  // namespace
}  // namespace mini::container
