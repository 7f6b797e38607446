// Classic BPF as the kernel runs it, for tests of seccomp filters.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstring>
#include <span>

#include "runtime/container/seccomp/seccomp.h"

namespace mini::container {

using Args = std::array<uint64_t, 6>;
using Program = std::span<const sock_filter>;

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kKill = SECCOMP_RET_KILL_THREAD;

// 0 with a failed expectation when the program does what the kernel's checker refuses.
inline uint32_t run(Program program, uint32_t arch, uint32_t number, const Args& args = {}) {
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

inline uint32_t native(const SeccompFilter& filter, uint32_t number, const Args& args = {}) {
#if defined(__x86_64__)
  return run(filter.program, AUDIT_ARCH_X86_64, number, args);
#else
  return run(filter.program, AUDIT_ARCH_AARCH64, number, args);
#endif
}

}  // namespace mini::container
