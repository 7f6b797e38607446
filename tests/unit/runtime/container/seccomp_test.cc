// Runs filters in a small interpreter of classic BPF, as the kernel would, and asks what they
// answer; a filter that libseccomp makes of the same rules serves as the second opinion.
#include "runtime/container/seccomp.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/capability.h"
#include "runtime/container/seccomp_profile.h"
#include "runtime/container/seccomp_rules.h"
#include "runtime/container/seccomp_tables.h"

namespace mini::container {
namespace {

using testing::HasSubstr;
using Args = std::array<uint64_t, 6>;
using Program = std::span<const sock_filter>;

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kKill = SECCOMP_RET_KILL_THREAD;

// 0 with a failed expectation when the program does what the kernel's checker refuses.
uint32_t run(Program program, uint32_t arch, uint32_t number, const Args& args = {}) {
  seccomp_data data = {static_cast<int>(number), arch, 0, {}};
  for (size_t i = 0; i < args.size(); ++i) data.args[i] = args[i];
  uint32_t a = 0;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& insn = program[pc];
    bool taken = false;
    switch (insn.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (insn.k % 4 != 0 || insn.k >= sizeof data) {
          ADD_FAILURE() << "load at " << insn.k;
          return 0;
        }
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + insn.k, sizeof a);
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= insn.k;
        continue;
      case BPF_JMP | BPF_JA:
        pc += insn.k;
        continue;
      case BPF_RET | BPF_K:
        return insn.k;
      case BPF_JMP | BPF_JEQ | BPF_K:
        taken = a == insn.k;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        taken = a > insn.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        taken = a >= insn.k;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        taken = (a & insn.k) != 0;
        break;
      default:
        ADD_FAILURE() << "instruction " << insn.code;
        return 0;
    }
    pc += taken ? insn.jt : insn.jf;
  }
  ADD_FAILURE() << "ran off the end";
  return 0;
}

SeccompFilter builtin(const std::vector<std::string>& capabilities = default_capabilities()) {
  Seccomp seccomp;
  seccomp.builtin_default = true;
  return compile_seccomp(seccomp, capabilities);
}

uint32_t native(const SeccompFilter& filter, uint32_t number, const Args& args = {}) {
#if defined(__x86_64__)
  return run(filter.program, AUDIT_ARCH_X86_64, number, args);
#else
  return run(filter.program, AUDIT_ARCH_AARCH64, number, args);
#endif
}

SeccompRule rule(const char* name, const char* action, std::vector<SeccompArg> args = {},
                 std::optional<uint32_t> errno_ret = {}) {
  return {{name}, action, errno_ret, std::move(args)};
}

Seccomp profile(const char* default_action, std::vector<SeccompRule> rules,
                std::vector<std::string> architectures = {}) {
  Seccomp seccomp;
  seccomp.default_action = default_action;
  seccomp.syscalls = std::move(rules);
  seccomp.architectures = std::move(architectures);
  return seccomp;
}

TEST(SeccompDefault, DeniesWhatLeadsToTheHost) {
  const auto filter = builtin();
  EXPECT_TRUE(filter.storage.empty()) << "compiled when mini was built";
  EXPECT_EQ(filter.flags, 0u);
  for (const int number : {SYS_mount,          SYS_umount2,         SYS_keyctl,
                           SYS_add_key,        SYS_request_key,     SYS_bpf,
                           SYS_unshare,        SYS_setns,           SYS_open_by_handle_at,
                           SYS_init_module,    SYS_finit_module,    SYS_kexec_load,
                           SYS_reboot,         SYS_perf_event_open, SYS_userfaultfd,
                           SYS_io_uring_setup, SYS_swapon,          SYS_acct,
                           SYS_settimeofday,   SYS_pivot_root,      SYS_move_mount,
                           SYS_open_tree,      SYS_fsopen,          SYS_quotactl,
                           SYS_syslog,         SYS_process_madvise, SYS_pidfd_getfd,
                           SYS_kcmp,           SYS_set_mempolicy})
    EXPECT_EQ(native(filter, number), kEperm) << number;
}

TEST(SeccompDefault, AllowsWhatProgramsNeed) {
  const auto filter = builtin();
  for (const int number :
       {SYS_read,        SYS_write,         SYS_openat,    SYS_execve,           SYS_exit_group,
        SYS_mmap,        SYS_futex,         SYS_ptrace,    SYS_chroot,           SYS_mknodat,
        SYS_seccomp,     SYS_rseq,          SYS_statx,     SYS_close_range,      SYS_setuid,
        SYS_prctl,       SYS_clock_gettime, SYS_getrandom, SYS_process_vm_readv, SYS_io_setup,
        SYS_memfd_create})
    EXPECT_EQ(native(filter, number), kAllow) << number;
  // Newer than the library's table, and known all the same: cachestat, fchmodat2, futex_wait,
  // mseal, setxattrat.
  for (const int number : {451, 452, 455, 462, 463})
    EXPECT_EQ(native(filter, number), kAllow) << number;
}

TEST(SeccompDefault, WhatIsNewerThanTheProfileDoesNotExist) {
  const auto filter = builtin();
  EXPECT_EQ(native(filter, 466), kAllow);  // removexattrat, the newest that the profile names
  for (const uint32_t number : {467u, 500u, 9999u, 0x3fffffffu})
    EXPECT_EQ(native(filter, number), kEnosys) << number;
}

TEST(SeccompDefault, NoNewNamespacesByClone) {
  const auto filter = builtin();
  EXPECT_EQ(native(filter, SYS_clone, {SIGCHLD}), kAllow);
  EXPECT_EQ(
      native(filter, SYS_clone, {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD}),
      kAllow);
  for (const uint64_t flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                              CLONE_NEWUTS, CLONE_NEWCGROUP})
    EXPECT_EQ(native(filter, SYS_clone, {flag | SIGCHLD}), kEperm) << flag;
  // Its flags lie in memory: libraries fall back to clone.
  EXPECT_EQ(native(filter, SYS_clone3), kEnosys);
  const auto admin = builtin({"CAP_SYS_ADMIN"});
  EXPECT_EQ(native(admin, SYS_clone3), kAllow);
  EXPECT_EQ(native(admin, SYS_clone, {CLONE_NEWUSER}), kAllow);
}

// CVE-2026-31431: the kernel's crypto sockets, and vsock, which reaches the hypervisor.
TEST(SeccompDefault, NoCryptoSocketsAndNoVsock) {
  for (const auto& filter : {builtin(), builtin({"ALL"}), builtin({})}) {
    for (const uint64_t family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 39, 41})
      EXPECT_EQ(native(filter, SYS_socket, {family}), kAllow) << family;
    for (const uint64_t family : {AF_ALG, AF_VSOCK}) {
      EXPECT_EQ(native(filter, SYS_socket, {family}), kEperm) << family;
      // The kernel sees 32 bits of it, whatever the rest of the register says.
      for (const uint64_t high : {1ULL << 32, 0xffffffffULL << 32, 1ULL << 63})
        EXPECT_EQ(native(filter, SYS_socket, {family | high}), kEperm) << family;
    }
  }
}

TEST(SeccompDefault, PersonalityOnlyAsHarmlessAsItIsNow) {
  const auto filter = builtin();
  for (const uint64_t allowed : {0UL, 8UL, 0x20000UL, 0x20008UL, 0xffffffffUL})
    EXPECT_EQ(native(filter, SYS_personality, {allowed}), kAllow) << allowed;
  for (const uint64_t denied : {ADDR_NO_RANDOMIZE | 0UL, 1UL, READ_IMPLIES_EXEC | 0UL})
    EXPECT_EQ(native(filter, SYS_personality, {denied}), kEperm) << denied;
}

TEST(SeccompDefault, CapabilitiesOpenTheirCallsOnly) {
  struct Case {
    const char* capability;
    int number;
  };
  for (const auto& [capability, number] : {Case{"CAP_SYS_ADMIN", SYS_mount},
                                           {"CAP_SYS_ADMIN", SYS_bpf},
                                           {"CAP_BPF", SYS_bpf},
                                           {"CAP_PERFMON", SYS_perf_event_open},
                                           {"CAP_SYS_CHROOT", SYS_chroot},
                                           {"CAP_SYS_BOOT", SYS_reboot},
                                           {"CAP_SYS_MODULE", SYS_init_module},
                                           {"CAP_SYS_PACCT", SYS_acct},
                                           {"CAP_SYS_PTRACE", SYS_kcmp},
                                           {"CAP_SYS_TIME", SYS_settimeofday},
                                           {"CAP_SYS_NICE", SYS_mbind},
                                           {"CAP_SYSLOG", SYS_syslog},
                                           {"CAP_DAC_READ_SEARCH", SYS_open_by_handle_at}}) {
    EXPECT_EQ(native(builtin({capability}), number), kAllow) << capability;
    EXPECT_EQ(native(builtin({"CAP_CHOWN"}), number), kEperm) << capability;
    EXPECT_EQ(native(builtin({"ALL"}), number), kAllow) << capability;
  }
  // Refused whatever the capabilities.
  EXPECT_EQ(native(builtin({"ALL"}), SYS_keyctl), kEperm);
  EXPECT_EQ(native(builtin({"ALL"}), SYS_kexec_load), kEperm);
}

TEST(SeccompDefault, BuiltFiltersAreWhatTheRulesGiveNow) {
  const auto names = default_capabilities();
  std::vector<std::string> with_admin = names, with_ptrace = names;
  with_admin.push_back("CAP_SYS_ADMIN");
  with_ptrace.push_back("CAP_SYS_PTRACE");
  for (const auto& capabilities : {names, {}, {"ALL"}, with_admin, with_ptrace}) {
    const auto built = builtin(capabilities);
    EXPECT_TRUE(built.storage.empty()) << join(capabilities, " ");
    const auto fresh = compile_seccomp(default_seccomp_rules(capabilities), {});
    ASSERT_EQ(built.program.size(), fresh.program.size());
    EXPECT_EQ(std::memcmp(built.program.data(), fresh.program.data(), fresh.program.size_bytes()),
              0);
    EXPECT_LE(built.program.size(), 1024u);
  }
}

#if defined(__x86_64__)
TEST(SeccompDefault, ThirtyTwoBitProgramsHaveTheirOwnNumbers) {
  const auto filter = builtin();
  const auto x86 = [&](uint32_t number, const Args& args = {}) {
    return run(filter.program, AUDIT_ARCH_I386, number, args);
  };
  EXPECT_EQ(x86(3), kAllow);     // read
  EXPECT_EQ(x86(21), kEperm);    // mount
  EXPECT_EQ(x86(310), kEperm);   // unshare
  EXPECT_EQ(x86(435), kEnosys);  // clone3
  EXPECT_EQ(x86(359, {AF_INET}), kAllow);
  EXPECT_EQ(x86(359, {AF_ALG}), kEperm);
  EXPECT_EQ(x86(9999), kEnosys);
  EXPECT_EQ(x86(SYS_read), kAllow);  // restart_syscall
}

// socketcall hides the address family in memory: making a socket that way is refused, using one is
// not.
TEST(SeccompDefault, SocketcallMakesNoSocket) {
  for (const auto& filter : {builtin(), builtin({"ALL"})}) {
    EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 102, {1}), kEnosys);
    for (uint64_t call = 2; call <= 20; ++call)
      EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 102, {call}), kAllow) << call;
    EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 102, {0}), kEperm);
  }
}

TEST(SeccompDefault, X32IsChecked) {
  const auto filter = builtin();
  const auto x32 = [&](uint32_t number, const Args& args = {}) {
    return run(filter.program, AUDIT_ARCH_X86_64, number | kX32Bit, args);
  };
  EXPECT_EQ(x32(0), kAllow);
  EXPECT_EQ(x32(165), kEperm);  // mount
  EXPECT_EQ(x32(41, {AF_ALG}), kEperm);
  EXPECT_EQ(x32(520), kAllow);  // execve has a number of its own
  EXPECT_EQ(x32(9999), kEnosys);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_X86_64, 0xffffffff), kEnosys);
}

TEST(Seccomp, AnArchitectureThatIsNotListedIsKilled) {
  const auto filter = compile_seccomp(
      profile("SCMP_ACT_ERRNO", {rule("read", "SCMP_ACT_ALLOW")}, {"SCMP_ARCH_X86_64"}), {});
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_X86_64, SYS_read), kAllow);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_X86_64, SYS_read | kX32Bit), kKill);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 3), kKill);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_AARCH64, 63), kKill);
  const auto only_x86 =
      compile_seccomp(profile("SCMP_ACT_ALLOW", {}, {"SCMP_ARCH_X86", "SCMP_ARCH_MIPS"}), {});
  EXPECT_EQ(run(only_x86.program, AUDIT_ARCH_X86_64, SYS_read), kKill);
  EXPECT_EQ(run(only_x86.program, AUDIT_ARCH_I386, 3), kAllow);
}

TEST(Seccomp, AMultiplexedCallIsRefusedThroughBothDoors) {
  const auto filter = compile_seccomp(
      profile("SCMP_ACT_ALLOW", {rule("socket", "SCMP_ACT_ERRNO"), rule("shmat", "SCMP_ACT_ERRNO")},
              {"SCMP_ARCH_X86"}),
      {});
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 359), kEperm);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 102, {1}), kEperm);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 102, {3}), kAllow);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 117, {21}), kEperm);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 117, {21 | 1 << 16}), kEperm);
  EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 117, {22}), kAllow);
}
#endif

TEST(Seccomp, EveryAction) {
  const auto filter = compile_seccomp(
      profile("SCMP_ACT_ALLOW",
              {rule("read", "SCMP_ACT_ERRNO"), rule("write", "SCMP_ACT_ERRNO", {}, EACCES),
               rule("close", "SCMP_ACT_KILL"), rule("openat", "SCMP_ACT_KILL_PROCESS"),
               rule("lseek", "SCMP_ACT_TRAP"), rule("fstat", "SCMP_ACT_TRACE", {}, 7),
               rule("mmap", "SCMP_ACT_LOG"), rule("munmap", "SCMP_ACT_KILL_THREAD"),
               rule("no_such_call", "SCMP_ACT_KILL")}),
      {});
  EXPECT_EQ(native(filter, SYS_read), kEperm);
  EXPECT_EQ(native(filter, SYS_write), SECCOMP_RET_ERRNO | EACCES);
  EXPECT_EQ(native(filter, SYS_close), kKill);
  EXPECT_EQ(native(filter, SYS_munmap), kKill);
  EXPECT_EQ(native(filter, SYS_openat), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(native(filter, SYS_lseek), SECCOMP_RET_TRAP);
  EXPECT_EQ(native(filter, SYS_fstat), SECCOMP_RET_TRACE | 7);
  EXPECT_EQ(native(filter, SYS_mmap), SECCOMP_RET_LOG);
  EXPECT_EQ(native(filter, SYS_getpid), kAllow);
  EXPECT_EQ(native(filter, 9999), kAllow) << "what a default allows, it allows for new calls too";
}

TEST(Seccomp, RulesMeetAsUsersExpect) {
  const auto filter = compile_seccomp(
      profile(
          "SCMP_ACT_ERRNO",
          {rule("read", "SCMP_ACT_ALLOW", {{0, 5, 0, "SCMP_CMP_EQ"}}),
           rule("read", "SCMP_ACT_ALLOW"),
           rule("read", "SCMP_ACT_KILL"),  // the first without conditions has decided
           rule("write", "SCMP_ACT_ERRNO"), rule("write", "SCMP_ACT_ALLOW"),
           rule("close", "SCMP_ACT_KILL", {{0, 1, 0, "SCMP_CMP_EQ"}}),
           rule("close", "SCMP_ACT_ALLOW", {{0, 3, 0, "SCMP_CMP_LT"}}),
           // Twice the same argument: either. Different ones: both.
           rule("dup", "SCMP_ACT_ALLOW", {{0, 1, 0, "SCMP_CMP_EQ"}, {0, 2, 0, "SCMP_CMP_EQ"}}),
           rule("lseek", "SCMP_ACT_ALLOW", {{0, 1, 0, "SCMP_CMP_EQ"}, {2, 2, 0, "SCMP_CMP_EQ"}})}),
      {});
  EXPECT_EQ(native(filter, SYS_read, {4}), kAllow);
  EXPECT_EQ(native(filter, SYS_write), kAllow);
  EXPECT_EQ(native(filter, SYS_close, {0}), kAllow);
  EXPECT_EQ(native(filter, SYS_close, {1}), kKill);
  EXPECT_EQ(native(filter, SYS_close, {2}), kAllow);
  EXPECT_EQ(native(filter, SYS_close, {3}), kEperm);
  EXPECT_EQ(native(filter, SYS_dup, {1}), kAllow);
  EXPECT_EQ(native(filter, SYS_dup, {2}), kAllow);
  EXPECT_EQ(native(filter, SYS_dup, {3}), kEperm);
  EXPECT_EQ(native(filter, SYS_lseek, {1, 0, 2}), kAllow);
  EXPECT_EQ(native(filter, SYS_lseek, {1, 0, 3}), kEperm);
  EXPECT_EQ(native(filter, SYS_lseek, {0, 0, 2}), kEperm);
}

// CVE-2019-10063: a filter against TIOCSTI that compares 64 bits where the kernel reads 32.
TEST(Seccomp, TheUpperHalfOfAnIntIsNoDisguise) {
  const auto filter = compile_seccomp(
      profile("SCMP_ACT_ALLOW", {rule("ioctl", "SCMP_ACT_ERRNO", {{1, 0x5412, 0, "SCMP_CMP_EQ"}})}),
      {});
  EXPECT_EQ(native(filter, SYS_ioctl, {0, 0x5412}), kEperm);
  EXPECT_EQ(native(filter, SYS_ioctl, {0, 0x5412 | 1ULL << 32}), kEperm);
  EXPECT_EQ(native(filter, SYS_ioctl, {0, 0x5413}), kAllow);
}

TEST(Seccomp, ComparesAllSixtyFourBits) {
  const std::vector<uint64_t> samples = {0,
                                         1,
                                         2,
                                         0x7fffffff,
                                         0x80000000,
                                         0xffffffff,
                                         1ULL << 32,
                                         (1ULL << 32) + 1,
                                         (5ULL << 32) + 7,
                                         (5ULL << 32) + 8,
                                         (6ULL << 32) + 6,
                                         1ULL << 63,
                                         ~0ULL};
  struct Operator {
    const char* name;
    bool (*holds)(uint64_t, uint64_t);
  };
  const Operator operators[] = {{"SCMP_CMP_EQ", [](uint64_t a, uint64_t b) { return a == b; }},
                                {"SCMP_CMP_NE", [](uint64_t a, uint64_t b) { return a != b; }},
                                {"SCMP_CMP_LT", [](uint64_t a, uint64_t b) { return a < b; }},
                                {"SCMP_CMP_LE", [](uint64_t a, uint64_t b) { return a <= b; }},
                                {"SCMP_CMP_GT", [](uint64_t a, uint64_t b) { return a > b; }},
                                {"SCMP_CMP_GE", [](uint64_t a, uint64_t b) { return a >= b; }}};
  for (const auto& [name, holds] : operators) {
    for (const uint64_t value : samples) {
      const auto filter = compile_seccomp(
          profile("SCMP_ACT_ERRNO", {rule("mmap", "SCMP_ACT_ALLOW", {{5, value, 0, name}})}), {});
      for (const uint64_t argument : samples)
        EXPECT_EQ(native(filter, SYS_mmap, {0, 0, 0, 0, 0, argument}),
                  holds(argument, value) ? kAllow : kEperm)
            << argument << " " << name << " " << value;
    }
  }
  for (const uint64_t mask : samples) {
    for (const uint64_t value : samples) {
      const auto filter = compile_seccomp(
          profile("SCMP_ACT_ERRNO",
                  {rule("mmap", "SCMP_ACT_ALLOW", {{3, mask, value, "SCMP_CMP_MASKED_EQ"}})}),
          {});
      for (const uint64_t argument : samples)
        EXPECT_EQ(native(filter, SYS_mmap, {0, 0, 0, argument}),
                  (argument & mask) == (value & mask) ? kAllow : kEperm)
            << argument << " & " << mask << " == " << value;
    }
  }
}

TEST(Seccomp, MalformedIsRefusedByName) {
  const auto message = [](const Seccomp& seccomp) -> std::string {
    try {
      compile_seccomp(seccomp, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message(profile("SCMP_ACT_NONE", {})), HasSubstr("SCMP_ACT_NONE"));
  EXPECT_THAT(message(profile("", {})), HasSubstr("unknown"));
  EXPECT_THAT(message(profile("SCMP_ACT_ALLOW", {rule("read", "SCMP_ACT_NOTIFY")})),
              HasSubstr("SCMP_ACT_NOTIFY"));
  EXPECT_THAT(message(profile("SCMP_ACT_ALLOW",
                              {rule("read", "SCMP_ACT_KILL", {{0, 1, 0, "SCMP_CMP_XX"}})})),
              HasSubstr("SCMP_CMP_XX"));
  EXPECT_THAT(message(profile("SCMP_ACT_ALLOW",
                              {rule("read", "SCMP_ACT_KILL", {{6, 1, 0, "SCMP_CMP_EQ"}})})),
              HasSubstr("argument 6"));
  EXPECT_THAT(message(profile("SCMP_ACT_ALLOW", {rule("read", "SCMP_ACT_ERRNO", {}, 5000)})),
              HasSubstr("5000"));
  EXPECT_THAT(message(profile("SCMP_ACT_ALLOW", {}, {"SCMP_ARCH_PDP11"})),
              HasSubstr("SCMP_ARCH_PDP11"));
  Seccomp flags = profile("SCMP_ACT_ALLOW", {});
  flags.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
  EXPECT_EQ(compile_seccomp(flags, {}).flags,
            unsigned{SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW});
  flags.flags = {"SECCOMP_FILTER_FLAG_NEW_LISTENER"};
  EXPECT_THAT(message(flags), HasSubstr("SECCOMP_FILTER_FLAG_NEW_LISTENER"));
  Seccomp long_one = profile("SCMP_ACT_ERRNO", {});
  for (uint64_t i = 0; i < 1500; ++i)
    long_one.syscalls.push_back(rule("mmap", "SCMP_ACT_ALLOW", {{0, i, 0, "SCMP_CMP_EQ"}}));
  EXPECT_THAT(message(long_one), HasSubstr("the kernel takes 4096"));
}

// The same rules through libseccomp, on each architecture, for each number and many arguments. It
// knows no newer calls and no narrow arguments, so numbers above its table and wide values of those
// arguments are left out.
TEST(SeccompDefault, AgreesWithLibseccomp) {
  const Seccomp rules = default_seccomp_rules(default_capabilities());
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  ASSERT_NE(context, nullptr);
  struct Arch {
    const char* name;
    uint32_t token, audit, bit;
  };
#if defined(__x86_64__)
  const Arch architectures[] = {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0},
                                {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0},
                                {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, kX32Bit}};
  const auto differs = [](const Arch& arch, uint32_t number) {
    if (arch.token == SCMP_ARCH_X86_64) return number == 335;  // uretprobe, which it does not know
    return arch.token == SCMP_ARCH_X86 &&
           number == 102;  // socketcall, to which it carries `socket` over as allowed
  };
#else
  const Arch architectures[] = {{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 0}};
  const auto differs = [](const Arch&, uint32_t) { return false; };
#endif
  for (const auto& arch : architectures) seccomp_arch_add(context, arch.token);
  for (const auto& item : rules.syscalls) {
    const uint32_t action = item.action == "SCMP_ACT_ALLOW"
                                ? SCMP_ACT_ALLOW
                                : SCMP_ACT_ERRNO(item.errno_ret.value_or(EPERM));
    for (const auto& name : item.names) {
      const int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) continue;
      std::vector<scmp_arg_cmp> comparisons;
      for (const auto& arg : item.args) {
        const scmp_compare op = arg.op == "SCMP_CMP_EQ"   ? SCMP_CMP_EQ
                                : arg.op == "SCMP_CMP_LT" ? SCMP_CMP_LT
                                : arg.op == "SCMP_CMP_GT" ? SCMP_CMP_GT
                                                          : SCMP_CMP_MASKED_EQ;
        comparisons.push_back({arg.index, op, arg.value, arg.value_two});
      }
      seccomp_rule_add_array(context, action, number, comparisons.size(), comparisons.data());
    }
  }
  FILE* file = tmpfile();
  ASSERT_EQ(seccomp_export_bpf(context, fileno(file)), 0);
  seccomp_release(context);
  std::vector<sock_filter> theirs(8192);
  rewind(file);
  theirs.resize(fread(theirs.data(), sizeof theirs[0], theirs.size(), file));
  fclose(file);

  const auto filter = builtin();
  std::mt19937 random(1);
  for (const auto& arch : architectures) {
    for (uint32_t number = 0; number <= 450; ++number) {
      if (differs(arch, number)) continue;
      for (int sample = 0; sample < 40; ++sample) {
        Args args = {};
        args[0] = sample < 20 ? sample * 3 : 1U << (random() % 32);
        args[1] = random();
        ASSERT_EQ(run(filter.program, arch.audit, number | arch.bit, args),
                  run(theirs, arch.audit, number | arch.bit, args))
            << arch.name << " " << number << " " << args[0];
      }
    }
  }
}

TEST(SeccompProfile, IncludesAndExcludes) {
  constexpr const char* kProfile =
      R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
      {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
      {"names": ["write"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_KILL", "CAP_CHOWN"]}},
      {"names": ["close"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_KILL"]}},
      {"names": ["dup"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["s390x"]}},
      {"names": ["pipe"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
      {"names": ["poll"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"}}]})";
  const auto names = [&](const std::vector<std::string>& capabilities) {
    std::string all;
    for (const auto& item :
         select_profile(kProfile, "test", capability_mask(capabilities)).syscalls)
      all += item.names[0] + " ";
    return all;
  };
  EXPECT_EQ(names({}), "read close pipe ");
  EXPECT_EQ(names({"CAP_KILL"}), "read pipe ");
  EXPECT_EQ(names({"CAP_KILL", "CAP_CHOWN"}), "read write pipe ");
  EXPECT_EQ(profile_capabilities(kProfile, "test"), capability_mask({"CAP_KILL", "CAP_CHOWN"}));
  EXPECT_EQ(select_profile(kProfile, "test", 0).default_errno_ret, 38u);
  EXPECT_THROW(select_profile(R"({"defaultAction": "x", "syscalls": [
      {"names": [], "action": "y", "includes": {"minKernel": "9.1"}}]})",
                              "test", 0),
               Error);
}

TEST(SeccompTables, NumbersAreTheKernels) {
  EXPECT_GT(syscall_names().size(), 400u);
  const auto find = [](std::string_view name) -> const SyscallName& {
    for (const auto& entry : syscall_names())
      if (entry.name == name) return entry;
    throw Error(cat("no ", name));
  };
  EXPECT_EQ(find("mount").numbers[0], 165);
  EXPECT_EQ(find("mount").numbers[1], 21);
  EXPECT_EQ(find("mount").numbers[2], static_cast<int>(165 | kX32Bit));
  EXPECT_EQ(find("mount").numbers[3], 40);
  EXPECT_EQ(find("socketcall").numbers[0], -1);
  EXPECT_EQ(find("breakpoint").numbers[4], 0xf0001);
  for (size_t i = 1; i < syscall_names().size(); ++i)
    EXPECT_LT(std::string_view(syscall_names()[i - 1].name),
              std::string_view(syscall_names()[i].name));
}

}  // namespace
}  // namespace mini::container
