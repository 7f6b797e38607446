#include "runtime/container/launch/plan.h"

#include <gmock/gmock.h>
#include <sched.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Spec small_spec() {
  Spec spec;
  spec.root.path = "/rootfs";
  Process& process = spec.process.emplace();
  process.args = {"sh", "-c", ""};
  process.env = {"PATH=/bin", "A=b"};
  spec.linux_.namespaces = {{"mount", ""}, {"pid", ""}, {"uts", ""}, {"ipc", ""}, {"network", ""}};
  return spec;
}

std::string plan_text(const Spec& spec, const PlanInputs& inputs = {}) {
  return dump(plan_container(spec, inputs));
}

template <class Work>
std::string plan_error(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return cat(error.what(), " | ", error.hint());
  }
  return "no error";
}

size_t place(const std::string& text, const std::string& line) {
  const size_t at = text.find("\n" + line);
  EXPECT_NE(at, std::string::npos) << line << " is not in\n" << text;
  return at;
}

void expect_order(const std::string& text, const std::vector<std::string>& lines) {
  for (size_t i = 1; i < lines.size(); ++i)
    EXPECT_LT(place(text, lines[i - 1]), place(text, lines[i])) << lines[i];
}

TEST(Plan, SmallestContainer) {
  EXPECT_EQ(plan_text(small_spec()),
            "clone mount,pid,network,ipc,uts\n"
            "hide\n"
            "wait-go\n"
            "new-session\n"
            "session-keyring _ses.\n"
            "loopback-up\n"
            "private-mounts\n"
            "open-tree /rootfs\n"
            "set private recursive\n"
            "root\n"
            "device /dev/null c 1:3 0666 0:0\n"
            "device /dev/zero c 1:5 0666 0:0\n"
            "device /dev/full c 1:7 0666 0:0\n"
            "device /dev/random c 1:8 0666 0:0\n"
            "device /dev/urandom c 1:9 0666 0:0\n"
            "device /dev/tty c 5:0 0666 0:0\n"
            "symlink /dev/fd /proc/self/fd\n"
            "symlink /dev/stdin /proc/self/fd/0\n"
            "symlink /dev/stdout /proc/self/fd/1\n"
            "symlink /dev/stderr /proc/self/fd/2\n"
            "symlink /dev/core /proc/kcore\n"
            "symlink /dev/ptmx pts/ptmx\n"
            "stdio -1 -1 -1\n"
            "pivot\n"
            "close-others 65\n"
            "chdir /\n"
            "groups \n"
            "drop-bounding 0x0\n"
            "ids 0:0\n"
            "capabilities effective 0x0 permitted 0x0 inheritable 0x0\n"
            "ambient 0x0\n"
            "verify-directory /\n"
            "umask 022\n"
            "execute \"sh\" \"-c\" \"\"\n");
}

TEST(Plan, MountsGetTheirFlagsBeforeTheyAreSeen) {
  Spec spec = small_spec();
  spec.mounts = {{"/proc", "proc", "proc", {"nosuid", "nodev", "noexec"}, {}, {}},
                 {"/data", "bind", "/src", {"rbind", "ro", "nosuid"}, {}, {}},
                 {"tmp/../tmp", "tmpfs", "", {"size=1m", "mode=1777", "ro", "tmpcopyup"}, {}, {}}};
  EXPECT_THAT(plan_text(spec), HasSubstr("fs proc\n"
                                         "option source=proc\n"
                                         "create rw,nosuid,nodev,noexec\n"
                                         "keep-proc\n"
                                         "attach /proc no-links\n"
                                         "open-tree /src\n"
                                         "set private recursive\n"
                                         "set ro,nosuid\n"
                                         "attach /data\n"
                                         "fs tmpfs\n"
                                         "option size=1m\n"
                                         "option mode=1777\n"
                                         "create rw\n"
                                         "copy-up /tmp\n"
                                         "set ro\n"
                                         "attach /tmp\n"));
}

TEST(Plan, TreesOfTheParentAreUsedInsteadOfPaths) {
  Spec spec = small_spec();
  spec.mounts = {{"/etc/hosts", "bind", "/src/hosts", {"bind", "rprivate"}, {}, {}}};
  PlanInputs inputs;
  inputs.root.fd = 17;
  inputs.mounts = {{23, true, -1}};
  const Plan plan = plan_container(spec, inputs);
  EXPECT_THAT(dump(plan),
              HasSubstr("use-tree 67\nset private recursive\nattach /etc/hosts file\n"));
  EXPECT_EQ(plan.fds, (std::vector<int>{-1, -1, 17, 23}));
}

TEST(Plan, OverlayTakesManyLayersOneByOne) {
  Spec spec = small_spec();
  spec.overlay = Spec::Overlay{{"/l/bottom", "/l/top"}, "/c/upper", "/c/work", false, true};
  EXPECT_THAT(
      plan_text(spec),
      HasSubstr("fs overlay\noption source=overlay\noption lowerdir+=/l/top\noption "
                "lowerdir+=/l/bottom\noption upperdir=/c/upper\noption workdir=/c/work\noption "
                "volatile\noption redirect_dir=off\noption index=off\noption metacopy=off\noption "
                "xino=off\ncreate rw\nroot\n"));
}

TEST(Plan, OverlayNamesALayerThatAnImageHasTwiceOnce) {
  Spec spec = small_spec();
  spec.overlay = Spec::Overlay{{"/l/a", "/l/empty", "/l/b", "/l/empty"}, "", "", false, false};
  EXPECT_THAT(plan_text(spec), HasSubstr("option source=overlay\noption lowerdir+=/l/empty\noption "
                                         "lowerdir+=/l/b\noption lowerdir+=/l/a\noption redirect"));
}

TEST(Plan, OverlayOfAnOldKernelFits200LayersIntoOnePage) {
  Spec spec = small_spec();
  spec.overlay.emplace();
  for (int i = 0; i < 200; ++i)
    spec.overlay->lower.push_back(cat("/var/lib/mini/layers/", std::string(64, 'a'), i, "/tree"));
  PlanInputs inputs;
  inputs.overlay_appends = false;
  const Plan plan = plan_container(spec, inputs);
  size_t opened = 0, options = 0;
  for (const auto& op : plan.ops) {
    opened += op.code == OpCode::open_path;
    if (op.code == OpCode::mount_at) options = std::string(plan.at(op.text2)).size();
  }
  EXPECT_EQ(opened, 200u);
  EXPECT_GT(options, 0u);
  EXPECT_LT(options, 4096u);
}

TEST(Plan, SettingsAreWrittenBeforeProcSysBecomesReadOnly) {
  Spec spec = small_spec();
  spec.linux_.sysctl = {{"net.ipv4.ip_forward", "1"}};
  spec.linux_.readonly_paths = {"/proc/sys"};
  spec.linux_.masked_paths = {"/proc/kcore"};
  expect_order(plan_text(spec), {"need-proc\n", "sysctl sys/net/ipv4/ip_forward 1\n",
                                 "readonly /proc/sys\n", "mask /proc/kcore\n", "pivot\n"});
}

TEST(Plan, WithoutNoNewPrivilegesTheFilterIsLoadedWhileSysAdminIsHeld) {
  Spec spec = small_spec();
  const sock_filter allow = {6, 0, 0, 0x7fff0000};
  PlanInputs inputs;
  inputs.seccomp = {&allow, 1};
  const std::string text = plan_text(spec, inputs);
  expect_order(text, {"ids 0:0", "capabilities effective 0x200000 permitted 0x200000", "seccomp 1",
                      "capabilities effective 0x0 permitted 0x0", "execute"});

  spec.process->no_new_privileges = true;
  const std::string quiet = plan_text(spec, inputs);
  expect_order(quiet, {"capabilities effective 0x0", "no-new-privileges", "seccomp 1", "execute"});
  EXPECT_THAT(quiet, Not(HasSubstr("0x200000")));
}

TEST(Plan, DescriptorsAreClosedBeforeTheWorkingDirectoryIsEnteredAndItIsVerifiedAsTheUser) {
  Spec spec = small_spec();
  spec.process->cwd = "/work";
  spec.process->user.uid = 1000;
  expect_order(plan_text(spec),
               {"pivot", "make-directory /work", "close-others", "chdir /work", "give-stdio 1000",
                "drop-bounding", "ids 1000:0", "verify-directory /work", "execute"});
}

TEST(Plan, TheGateIsPassedAfterTheCommandWasFound) {
  PlanInputs inputs;
  inputs.gate = 9;
  const Plan plan = plan_container(small_spec(), inputs);
  expect_order(dump(plan), {"find-command \"sh\"", "gate", "umask", "execute"});
  EXPECT_THAT(dump(plan), HasSubstr("close-others 65 66\n"));
}

TEST(Plan, TheCgroupNamespaceIsMadeInsideTheGroup) {
  Spec spec = small_spec();
  spec.linux_.namespaces.push_back({"cgroup", ""});
  const std::string text = plan_text(spec);
  EXPECT_THAT(text, testing::StartsWith("clone mount,pid,network,ipc,uts\n"));
  expect_order(text, {"wait-go", "unshare cgroup", "new-session"});
}

TEST(Plan, AJoinedPidNamespaceIsEnteredByForking) {
  Spec spec = small_spec();
  spec.linux_.namespaces = {{"mount", ""}, {"pid", "/proc/7/ns/pid"}};
  PlanInputs inputs;
  inputs.joins = {{5, CLONE_NEWPID}};
  inputs.die_with_parent = true;
  const Plan plan = plan_container(spec, inputs);
  EXPECT_TRUE(plan.forks);
  EXPECT_TRUE(plan.second_go);
  EXPECT_THAT(
      dump(plan),
      testing::StartsWith("clone mount\nhide\ndie-with-parent\nwait-go\njoin pid\nfork-sibling\n"
                          "die-with-parent\nwait-go\nnew-session\n"));
}

TEST(Plan, AJoinedUserNamespaceOwnsTheOthers) {
  Spec spec = small_spec();
  spec.linux_.namespaces.push_back({"user", "/proc/7/ns/user"});
  PlanInputs inputs;
  inputs.joins = {{5, CLONE_NEWUSER}};
  EXPECT_THAT(plan_text(spec, inputs),
              testing::StartsWith(
                  "clone \nhide\nwait-go\njoin user\nbecome-root\nunshare mount,network,ipc,uts\n"
                  "fork-sibling pid\nwait-go\n"));
}

TEST(Plan, ExecJoinsAndForks) {
  Spec spec;
  spec.process.emplace().args = {"ls"};
  PlanInputs inputs;
  inputs.joins = {{5, CLONE_NEWNS | CLONE_NEWPID}};
  const Plan plan = plan_process(spec, inputs);
  EXPECT_EQ(plan.clone_flags, 0u);
  EXPECT_THAT(
      dump(plan),
      testing::StartsWith("clone \nhide\nwait-go\njoin mount,pid\nfork-sibling\nnew-session\n"
                          "session-keyring _ses.\nopen-root\nstdio -1 -1 -1\nclose-others 65\n"));
}

TEST(Plan, ErrorsAreNamedAfterTheMountTheyBelongTo) {
  Spec spec = small_spec();
  spec.mounts = {{"/data", "tmpfs", "", {"size=lots"}, {}, {}}};
  const Plan plan = plan_container(spec, {});
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    if (plan.ops[i].code == OpCode::fs_string) {
      EXPECT_EQ(describe(plan, i), "mount /data: option size=lots");
    }
    if (plan.ops[i].code == OpCode::attach) {
      EXPECT_EQ(describe(plan, i), "mount /data");
    }
  }
}

TEST(Plan, RefusesWhatWouldReachTheHost) {
  Spec spec = small_spec();
  spec.linux_.namespaces = {{"pid", ""}};
  EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }),
              HasSubstr("a new mount namespace is required"));
  spec = small_spec();
  spec.linux_.sysctl = {{"vm.overcommit_memory", "1"}};
  EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }),
              HasSubstr("sysctl \"vm.overcommit_memory\": belongs to the host"));
  spec.linux_.sysctl = {{"net/../kernel/core_pattern", "x"}};
  EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }), HasSubstr("sysctl"));
  spec = small_spec();
  spec.linux_.namespaces = {{"mount", ""}};
  spec.hostname = "x";
  EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }),
              HasSubstr("hostname: needs a uts namespace"));
}

TEST(Plan, CVE_2019_16884_MountsInsideProcAreRefused) {
  Spec spec = small_spec();
  for (const char* path : {"/proc/self/attr", "/proc/sys", "proc/../proc/1/fd", "//proc//scsi"}) {
    spec.mounts = {{path, "tmpfs", "tmpfs", {}, {}, {}}};
    EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }),
                HasSubstr("nothing may be mounted there"))
        << path;
  }
  spec.mounts = {{"/proc", "tmpfs", "tmpfs", {}, {}, {}}};
  EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }),
              HasSubstr("cannot stand in for procfs"));
  spec.mounts = {{"/proc/meminfo", "bind", "/x", {"bind"}, {}, {}}};
  EXPECT_THAT(plan_text(spec), HasSubstr("attach /proc/meminfo no-links in-proc"));
}

TEST(Plan, TyposAreExplained) {
  Spec spec = small_spec();
  spec.process->rlimits = {{"RLIMIT_NOFILES", 1, 1}};
  EXPECT_THAT(plan_error([&] { plan_container(spec, {}); }),
              HasSubstr("did you mean RLIMIT_NOFILE?"));
}

}  // namespace
}  // namespace mini::container
