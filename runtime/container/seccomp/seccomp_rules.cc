#include "runtime/container/seccomp/seccomp_rules.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/seccomp_program.h"

namespace mini::container {
namespace {

using Op = SeccompCondition::Op;

struct Named {
  std::string_view name;
  uint32_t value;
};

constexpr Named kActions[] = {
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
};

constexpr Named kOperators[] = {
    {"SCMP_CMP_NE", static_cast<uint32_t>(Op::not_equal)},
    {"SCMP_CMP_LT", static_cast<uint32_t>(Op::less)},
    {"SCMP_CMP_LE", static_cast<uint32_t>(Op::less_equal)},
    {"SCMP_CMP_EQ", static_cast<uint32_t>(Op::equal)},
    {"SCMP_CMP_GE", static_cast<uint32_t>(Op::greater_equal)},
    {"SCMP_CMP_GT", static_cast<uint32_t>(Op::greater)},
    {"SCMP_CMP_MASKED_EQ", static_cast<uint32_t>(Op::masked_equal)},
};

constexpr Named kFlags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", 1U << 0},
    {"SECCOMP_FILTER_FLAG_LOG", 1U << 1},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1U << 2},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1U << 5},
};

constexpr std::string_view kForeignArchitectures[] = {
    "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",         "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",        "SCMP_ARCH_S390X",       "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",     "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
    "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB"};

// Arguments that the kernel reads as 32 bits whatever else the register holds. Compared whole,
// `socket(38 | 1 << 32, …)` would not be 38 to the filter and would be 38 to the kernel (the
// mistake of CVE-2019-10063 and CVE-2019-7303, with ioctl). One bit per argument.
constexpr Named kNarrowArguments[] = {
    {"bpf", 0b1},          {"fcntl", 0b11},      {"getsockopt", 0b111}, {"ioctl", 0b11},
    {"keyctl", 0b1},       {"personality", 0b1}, {"prctl", 0b1},        {"quotactl", 0b1},
    {"seccomp", 0b11},     {"setns", 0b11},      {"setsockopt", 0b111}, {"socket", 0b111},
    {"socketpair", 0b111}, {"unshare", 0b1},
};

// The calls that 32-bit x86 also reaches through one number with a selector in its first argument.
constexpr Named kSocketCalls[] = {
    {"socket", 1},    {"bind", 2},        {"connect", 3},     {"listen", 4},
    {"accept", 5},    {"getsockname", 6}, {"getpeername", 7}, {"socketpair", 8},
    {"send", 9},      {"recv", 10},       {"sendto", 11},     {"recvfrom", 12},
    {"shutdown", 13}, {"setsockopt", 14}, {"getsockopt", 15}, {"sendmsg", 16},
    {"recvmsg", 17},  {"accept4", 18},    {"recvmmsg", 19},   {"sendmmsg", 20},
};
constexpr Named kIpcCalls[] = {
    {"semop", 1},   {"semget", 2},  {"semctl", 3},  {"semtimedop", 4},
    {"msgsnd", 11}, {"msgrcv", 12}, {"msgget", 13}, {"msgctl", 14},
    {"shmat", 21},  {"shmdt", 22},  {"shmget", 23}, {"shmctl", 24},
};

template <size_t size>
std::optional<uint32_t> lookup(const Named (&table)[size], std::string_view name) {
  for (const auto& entry : table)
    if (entry.name == name) return entry.value;
  return std::nullopt;
}

uint32_t action_value(const std::string& name, std::optional<uint32_t> errno_ret) {
  if (name == "SCMP_ACT_NOTIFY")
    throw Error("seccomp: SCMP_ACT_NOTIFY: mini hands no listener to an agent",
                "use SCMP_ACT_ERRNO or SCMP_ACT_TRACE");
  const auto action = lookup(kActions, name);
  if (!action) throw Error(cat("seccomp: action ", quoted(name), ": unknown"));
  if (*action != SECCOMP_RET_ERRNO && *action != SECCOMP_RET_TRACE) return *action;
  const uint32_t data = errno_ret.value_or(EPERM);
  if (data > (*action == SECCOMP_RET_ERRNO ? 4095U : SECCOMP_RET_DATA))
    throw Error(cat("seccomp: errno ", data, ": out of range"));
  return *action | data;
}

bool is_refusal(uint32_t action) {
  const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
  return kind != SECCOMP_RET_ALLOW && kind != SECCOMP_RET_LOG && kind != SECCOMP_RET_TRACE;
}

uint32_t audit_arch(SeccompArch arch) {
  switch (arch) {
    case SeccompArch::x86:
      return AUDIT_ARCH_I386;
    case SeccompArch::aarch64:
      return AUDIT_ARCH_AARCH64;
    case SeccompArch::arm:
      return AUDIT_ARCH_ARM;
    default:
      return AUDIT_ARCH_X86_64;
  }
}

bool is_32_bit(SeccompArch arch) {
  return arch == SeccompArch::x86 || arch == SeccompArch::arm;
}

SeccompCondition condition_of(const SeccompArg& arg, const std::string& name, SeccompArch arch) {
  const auto op = lookup(kOperators, arg.op);
  if (!op) throw Error(cat("seccomp: operator ", quoted(arg.op), ": unknown"));
  if (arg.index > 5)
    throw Error(cat("seccomp: ", printable(name), ": argument ", arg.index, ": calls have 0 to 5"));
  SeccompCondition condition;
  condition.index = arg.index;
  condition.op = static_cast<Op>(*op);
  condition.value = arg.value;
  if (condition.op == Op::masked_equal) {
    condition.mask = arg.value;
    condition.value = arg.value_two;
  }
  condition.wide =
      !is_32_bit(arch) && !(lookup(kNarrowArguments, name).value_or(0) >> arg.index & 1);
  return condition;
}

// What the rules say of one call of one architecture, before the default is added.
struct CallRules {
  std::optional<uint32_t> always;
  std::vector<SeccompDecision::Alternative> alternatives;
};
using CallTable = std::map<uint32_t, CallRules>;

void add_rule(CallRules& call, const SeccompRule& rule, const std::string& name, SeccompArch arch,
              uint32_t action) {
  if (rule.args.empty()) {
    if (!call.always) call.always = action;
    return;
  }
  std::set<uint32_t> indexes;
  for (const auto& arg : rule.args) indexes.insert(arg.index);
  SeccompDecision::Alternative all = {{}, action};
  for (const auto& arg : rule.args) {
    const auto condition = condition_of(arg, name, arch);
    // Two conditions on one argument have always meant "either" to the users of such rules, though
    // the specification says "and".
    if (indexes.size() != rule.args.size())
      call.alternatives.push_back({{condition}, action});
    else
      all.conditions.push_back(condition);
  }
  if (!all.conditions.empty()) call.alternatives.push_back(std::move(all));
}

void add_multiplexed(CallTable& table, const SeccompRule& rule, const std::string& name,
                     uint32_t action, const SyscallNumbers& numbers) {
  // Behind the multiplexer the arguments lie in memory, where a filter cannot look: only a rule
  // without conditions carries over.
  if (!rule.args.empty()) return;
  const auto add = [&](const char* multiplexer, std::optional<uint32_t> selector, uint64_t mask) {
    const auto number = numbers(SeccompArch::x86, multiplexer);
    if (!selector || !number) return;
    SeccompCondition condition;
    condition.op = Op::masked_equal;
    condition.value = *selector;
    condition.mask = mask;
    condition.wide = false;
    table[*number].alternatives.push_back({{condition}, action});
  };
  add("socketcall", lookup(kSocketCalls, name), 0xffffffff);
  add("ipc", lookup(kIpcCalls, name), 0xffff);  // the upper half is a version
}

CallTable call_table(const Seccomp& seccomp, SeccompArch arch, uint32_t default_action,
                     const SyscallNumbers& numbers) {
  CallTable table;
  for (const auto& rule : seccomp.syscalls) {
    const uint32_t action = action_value(rule.action, rule.errno_ret);
    for (const auto& name : rule.names) {
      if (action == default_action) {
        if (const auto number = numbers(arch, name))
          table[*number];  // known, so not newer than the rules
        continue;
      }
      if (arch == SeccompArch::x86) add_multiplexed(table, rule, name, action, numbers);
      if (const auto number = numbers(arch, name))
        add_rule(table[*number], rule, name, arch, action);
    }
  }
  return table;
}

// The ranges of one table from `first` on; beyond its newest call is `newer`.
void add_ranges(CallTable& table, uint32_t first, uint32_t default_action, uint32_t newer,
                SeccompArchitecture& out) {
  out.starts[first].action = default_action;
  std::optional<uint32_t> newest;
  for (auto& [number, call] : table) {
    SeccompDecision& decision = out.starts[number];
    decision.action = call.always.value_or(default_action);
    if (!call.always) decision.alternatives = std::move(call.alternatives);
    out.starts[number + 1].action = default_action;
    // ARM's private calls lie far above all others and say nothing about what is new.
    if (number < first + 0xf0000) newest = number;
  }
  if (newer != default_action && newest) {
    auto after = out.starts.upper_bound(*newest);
    after->second.action = newer;
    for (++after; after != out.starts.end(); ++after)
      if (after->second.alternatives.empty() && after->second.action == default_action)
        after->second.action = newer;
  }
}

}  // namespace

std::optional<SeccompArch> seccomp_arch(std::string_view name) {
  if (name == "SCMP_ARCH_X86_64") return SeccompArch::x86_64;
  if (name == "SCMP_ARCH_X86") return SeccompArch::x86;
  if (name == "SCMP_ARCH_X32") return SeccompArch::x32;
  if (name == "SCMP_ARCH_AARCH64") return SeccompArch::aarch64;
  if (name == "SCMP_ARCH_ARM") return SeccompArch::arm;
  for (const auto& foreign : kForeignArchitectures)
    if (name == foreign) return std::nullopt;
  throw Error(cat("seccomp: architecture ", quoted(name), ": unknown"));
}

const char* native_seccomp_arch() {
#if defined(__x86_64__)
  return "SCMP_ARCH_X86_64";
#elif defined(__aarch64__)
  return "SCMP_ARCH_AARCH64";
#else
#error "seccomp: name this processor's architecture here"
#endif
}

unsigned seccomp_flags(const std::vector<std::string>& names) {
  unsigned flags = 0;
  for (const auto& name : names) {
    const auto flag = lookup(kFlags, name);
    if (!flag) throw Error(cat("seccomp: flag ", quoted(name), ": unknown"));
    flags |= *flag;
  }
  return flags;
}

std::vector<sock_filter> seccomp_program(const Seccomp& seccomp, const SyscallNumbers& numbers) {
  const uint32_t default_action = action_value(seccomp.default_action, seccomp.default_errno_ret);
  const uint32_t newer = is_refusal(default_action) ? SECCOMP_RET_ERRNO | ENOSYS : default_action;
  std::vector<SeccompArch> wanted = {*seccomp_arch(native_seccomp_arch())};
  const bool native_only = seccomp.architectures.empty();
  if (!native_only) wanted.clear();
  for (const auto& name : seccomp.architectures)
    if (const auto arch = seccomp_arch(name);
        arch && std::find(wanted.begin(), wanted.end(), *arch) == wanted.end())
      wanted.push_back(*arch);

  std::vector<SeccompArchitecture> architectures;
  for (const SeccompArch arch : wanted) {
    CallTable table = call_table(seccomp, arch, default_action, numbers);
    auto place = std::find_if(architectures.begin(), architectures.end(), [&](const auto& known) {
      return known.audit_arch == audit_arch(arch);
    });
    if (place == architectures.end()) {
      place = architectures.insert(architectures.end(), {audit_arch(arch), {}});
      // The half of this number space whose ABI is not listed is a foreign architecture.
      place->starts[0].action = SECCOMP_RET_KILL_THREAD;
      if (place->audit_arch == AUDIT_ARCH_X86_64)
        place->starts[kX32Bit].action = SECCOMP_RET_KILL_THREAD;
    }
    SeccompArchitecture ranges;
    add_ranges(table, arch == SeccompArch::x32 ? kX32Bit : 0, default_action, newer, ranges);
    for (auto& [start, decision] : ranges.starts) place->starts[start] = std::move(decision);
  }
  return assemble_seccomp(architectures, SECCOMP_RET_KILL_THREAD);
}

}  // namespace mini::container
