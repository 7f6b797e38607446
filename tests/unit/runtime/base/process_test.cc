#include "runtime/base/process.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

using ::testing::HasSubstr;

// Runs until it is killed.
pid_t start_child(const char* name = nullptr) {
  Pipe ready = make_pipe();
  const pid_t pid = fork();
  if (pid == 0) {
    if (name) prctl(PR_SET_NAME, name);
    ready.write.reset();
    for (;;) pause();
  }
  ready.write.reset();
  char byte;
  read_full(ready.read.get(), &byte, 1, "ready");  // the end: the child has its name
  return pid;
}

std::string failure(const std::vector<std::string>& argv) {
  try {
    run_host_program(argv);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ProcessId, KnowsItself) {
  const auto self = ProcessId::of(getpid());
  ASSERT_TRUE(self);
  EXPECT_TRUE(self->alive());
  EXPECT_EQ(self->boot, boot_id());
  EXPECT_EQ(boot_id().size(), 36u);
}

TEST(ProcessId, AnotherProcessWithTheSamePidIsNotIt) {
  ProcessId later = *ProcessId::of(getpid());
  later.start_time += 1;
  EXPECT_FALSE(later.alive());
  EXPECT_FALSE(open_pidfd(later));
  ProcessId rebooted = *ProcessId::of(getpid());
  rebooted.boot = "00000000-0000-0000-0000-000000000000";
  EXPECT_FALSE(rebooted.alive());
  EXPECT_FALSE(ProcessId().alive());
}

TEST(ProcessId, AZombieIsNotAlive) {
  const pid_t pid = start_child();
  const auto child = ProcessId::of(pid);
  ASSERT_TRUE(child);
  const auto pidfd = open_pidfd(*child);
  ASSERT_TRUE(pidfd);
  EXPECT_TRUE(signal_pidfd(pidfd->get(), SIGKILL));
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(child->alive());
  EXPECT_FALSE(ProcessId::of(pid));
  EXPECT_EQ(exit_code_of(wait_child(pid)), 137);
  EXPECT_FALSE(signal_pidfd(pidfd->get(), SIGKILL));
  EXPECT_FALSE(open_pidfd(*child));
  EXPECT_THROW(open_pidfd(pid), SysError);
}

TEST(ProcessId, AHostileNameDoesNotShiftTheFields) {
  const pid_t pid = start_child(") Z 1 (");
  const auto child = ProcessId::of(pid);
  ASSERT_TRUE(child);
  EXPECT_GE(child->start_time, ProcessId::of(getpid())->start_time);
  kill(pid, SIGKILL);
  wait_child(pid);
}

TEST(ExitCode, FollowsDocker) {
  EXPECT_EQ(exit_code_of(W_EXITCODE(0, 0)), 0);
  EXPECT_EQ(exit_code_of(W_EXITCODE(3, 0)), 3);
  EXPECT_EQ(exit_code_of(W_EXITCODE(0, SIGTERM)), 143);
  EXPECT_EQ(exit_code_of(W_EXITCODE(0, SIGSEGV) | 0x80), 139);
}

TEST(Signal, IsReadByNameAndNumber) {
  const std::pair<const char*, int> table[] = {
      {"TERM", 15},     {"SIGTERM", 15},  {"sigkill", 9},     {"15", 15},      {"1", 1},
      {"64", 64},       {"SIGRTMIN", 34}, {"SIGRTMIN+3", 37}, {"RTMAX", 64},   {"RTMAX-2", 62},
      {"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO},    {"RTMIN+30", 64}};
  for (const auto& [text, number] : table) EXPECT_EQ(parse_signal(text), number) << text;
  for (const char* text : {"", "0", "65", "-9", "SIG", "SIGSIGTERM", "TERM ", "RTMIN-1", "RTMIN+",
                           "RTMIN+31", "RTMAX+1", "RTMINX", "9x"}) {
    EXPECT_THROW(parse_signal(text), Error) << text;
  }
}

TEST(Signal, AMistypedNameIsSuggested) {
  try {
    parse_signal("SIGTREM");
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.hint(), HasSubstr("SIGTERM"));
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

TEST(Signal, NamesReadBackAsTheSameNumber) {
  for (int number = 1; number <= 64; ++number) {
    if (number == 32 || number == 33) continue;  // the C library's own
    EXPECT_EQ(parse_signal(signal_name(number)), number) << number;
  }
  EXPECT_EQ(signal_name(SIGABRT), "SIGABRT");
  EXPECT_EQ(signal_name(33), "signal 33");
}

TEST(HostProgram, PassesInputAndReturnsOutput) {
  EXPECT_EQ(run_host_program({"cat"}, "hello"), "hello");
  EXPECT_EQ(run_host_program({"/bin/sh", "-c", "printf %s \"$1\"", "sh", "a b"}), "a b");
  const std::string large(4 << 20, 'x');
  EXPECT_EQ(run_host_program({"cat"}, large), large);
}

TEST(HostProgram, AFailureShowsItsLastLines) {
  EXPECT_EQ(failure({"/bin/sh", "-c", "echo one >&2; printf 'two\\033' >&2; exit 3"}),
            "host program /bin/sh: exit code 3: one; two\\x1b");
  EXPECT_EQ(failure({"/bin/sh", "-c", "kill -TERM $$"}), "host program /bin/sh: ended by SIGTERM");
}

TEST(HostProgram, OnlySystemDirectoriesAreSearched) {
  setenv("PATH", "/tmp", 1);
  EXPECT_EQ(run_host_program({"sh", "-c", "echo $PATH"}), "/usr/sbin:/usr/bin:/sbin:/bin\n");
  EXPECT_THAT(failure({"no-such-program"}), HasSubstr("not found"));
  EXPECT_THAT(failure({"../bin/sh"}), HasSubstr("not found"));
}

TEST(HostProgram, BlockedAndIgnoredSignalsStayHere) {
  sigset_t term, before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &before);
  signal(SIGPIPE, SIG_IGN);
  const std::string status = run_host_program({"cat", "/proc/self/status"});
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  const size_t ignored = status.find("SigIgn:\t") + 8;
  EXPECT_EQ(std::stoull(status.substr(ignored, 16), nullptr, 16) & (1ULL << (SIGPIPE - 1)), 0u);
}

}  // namespace
}  // namespace mini
