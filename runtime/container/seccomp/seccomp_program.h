// Decisions per system call -> a classic BPF program. The numbers of one audit architecture (x86-64
// and x32 share one) become ranges with the same answer, and the ranges a balanced tree of
// comparisons: some eight instructions for any call, and the kernel's cache of always-allowed calls
// can follow it. Only calls with conditions load arguments. Pure; throws Error when the program
// would be longer than the kernel takes. seccomp(2).
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace mini::container {

struct SeccompCondition {
  enum class Op { equal, not_equal, less, less_equal, greater, greater_equal, masked_equal };
  unsigned index = 0;  // 0..5
  Op op = Op::equal;
  uint64_t value = 0;
  uint64_t mask = ~0ULL;  // masked_equal only
  bool wide = true;  // all 64 bits of the argument are compared; else the lower 32, which is then
                     // all that the kernel uses
};

struct SeccompDecision {
  uint32_t action = 0;  // SECCOMP_RET_* with its data; when no alternative matches
  struct Alternative {  // the first of which all conditions hold decides
    std::vector<SeccompCondition> conditions;
    uint32_t action = 0;
  };
  std::vector<Alternative> alternatives;
};

// All numbers of one AUDIT_ARCH_*: `starts` maps the first number of each range to what holds up to
// the next one; 0 is always in it.
struct SeccompArchitecture {
  uint32_t audit_arch = 0;
  std::map<uint32_t, SeccompDecision> starts;
};

// The first architecture is the one asked first. `other_arch`: the action for any that is not
// listed.
std::vector<sock_filter> assemble_seccomp(const std::vector<SeccompArchitecture>& architectures,
                                          uint32_t other_arch);

}  // namespace mini::container
