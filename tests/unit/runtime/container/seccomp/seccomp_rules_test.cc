#include "runtime/container/seccomp/seccomp_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/container/seccomp/seccomp.h"
#include "runtime/container/seccomp/seccomp_profile.h"
#include "runtime/container/seccomp/seccomp_tables.h"
#include "tests/unit/runtime/container/filter_interpreter.h"

namespace mini::container {
namespace {

using testing::HasSubstr;

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

#if defined(__x86_64__)
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
