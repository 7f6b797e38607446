// Runs filters in a small interpreter of classic BPF, as the kernel would, and asks what they
// answer; a filter that libseccomp makes of the same rules serves as the second opinion.
#include "runtime/container/seccomp/seccomp.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "runtime/base/text.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/container/seccomp/seccomp_rules.h"
#include "tests/unit/runtime/container/filter_interpreter.h"

namespace mini::container {
namespace {

SeccompFilter builtin(const std::vector<std::string>& capabilities = default_capabilities()) {
  Seccomp seccomp;
  seccomp.builtin_default = true;
  return compile_seccomp(seccomp, capabilities);
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
    EXPECT_EQ(run(filter.program, AUDIT_ARCH_I386, 102, {1}), kEperm);
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

#endif

// In a child that loads the filter: 0 when each call answers as promised, else the number of the
// first that does not.
int loaded_filter_holds() {
  const auto filter = builtin();
  sock_fprog program = {static_cast<unsigned short>(filter.program.size()),
                        const_cast<sock_filter*>(filter.program.data())};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 100;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, &program) != 0) return 101;
  const auto fails_with = [](long result, int error) { return result == -1 && errno == error; };
  if (getppid() <= 0) return 1;
  if (!fails_with(syscall(SYS_mount, 0, 0, 0, 0, 0), EPERM)) return 2;
  if (!fails_with(syscall(SYS_clone3, 0, 0), ENOSYS)) return 3;
  if (!fails_with(syscall(9999), ENOSYS)) return 4;
  if (!fails_with(syscall(SYS_socket, AF_ALG | 1ULL << 32, SOCK_SEQPACKET, 0), EPERM)) return 5;
  if (!fails_with(syscall(SYS_unshare, CLONE_NEWUSER), EPERM)) return 6;
  if (!fails_with(syscall(SYS_bpf, 0, 0, 0), EPERM)) return 7;
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return fd >= 0 ? 0 : 8;
}

TEST(SeccompDefault, TheKernelTakesItAndObeys) {
  const pid_t pid = fork();
  if (pid == 0) _exit(loaded_filter_holds());
  int status = -1;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
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

}  // namespace
}  // namespace mini::container
