#include "runtime/container/seccomp/seccomp_program.h"

#include <linux/seccomp.h>

#include <cstddef>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

using Code = std::vector<sock_filter>;
using Op = SeccompCondition::Op;

// Jump targets that are known only when the code around them is: patched by `resolve`.
constexpr uint8_t kHolds = 254;
constexpr uint8_t kFails = 255;

sock_filter load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}
sock_filter answer(uint32_t action) {
  return BPF_STMT(BPF_RET | BPF_K, action);
}
sock_filter jump(int test, uint32_t value, uint8_t if_true, uint8_t if_false) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | test | BPF_K), value, if_true, if_false);
}

void append(Code& code, const Code& more) {
  code.insert(code.end(), more.begin(), more.end());
}

// Skips `body` unless the comparison is as wanted; conditional jumps reach 255 instructions, the
// plain one any number.
Code branch(int test, uint32_t value, const Code& if_false, const Code& if_true) {
  Code code;
  if (if_false.size() <= 255) {
    code.push_back(jump(test, value, static_cast<uint8_t>(if_false.size()), 0));
  } else {
    code.push_back(jump(test, value, 0, 1));
    code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(if_false.size())));
  }
  append(code, if_false);
  append(code, if_true);
  return code;
}

// `less` is not `greater_equal`: the same comparison with its ends exchanged.
Code compare_order(const SeccompCondition& condition, size_t low, size_t high) {
  const bool inverted = condition.op == Op::less || condition.op == Op::less_equal;
  const bool or_equal = condition.op == Op::greater_equal || condition.op == Op::less;
  const uint8_t yes = inverted ? kFails : kHolds;
  const uint8_t no = inverted ? kHolds : kFails;
  const uint32_t value_high = static_cast<uint32_t>(condition.value >> 32);
  Code code;
  if (condition.wide) {
    code.push_back(load(high));
    code.push_back(jump(BPF_JGT, value_high, yes, 0));
    code.push_back(jump(BPF_JEQ, value_high, 0, no));
  }
  code.push_back(load(low));
  code.push_back(
      jump(or_equal ? BPF_JGE : BPF_JGT, static_cast<uint32_t>(condition.value), yes, no));
  return code;
}

Code compare_equal(const SeccompCondition& condition, size_t low, size_t high) {
  const bool inverted = condition.op == Op::not_equal;
  const uint64_t mask = condition.op == Op::masked_equal ? condition.mask : ~0ULL;
  const uint8_t yes = inverted ? kFails : kHolds;
  const uint8_t no = inverted ? kHolds : kFails;
  Code code;
  const auto half = [&](size_t offset, uint32_t half_mask, uint32_t value, uint8_t if_equal) {
    code.push_back(load(offset));
    if (half_mask != ~0U) code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, half_mask));
    code.push_back(jump(BPF_JEQ, value & half_mask, if_equal, no));
  };
  const uint32_t high_mask = static_cast<uint32_t>(mask >> 32);
  if (condition.wide && high_mask)
    half(high, high_mask, static_cast<uint32_t>(condition.value >> 32), 0);
  half(low, static_cast<uint32_t>(mask), static_cast<uint32_t>(condition.value), yes);
  return code;
}

// Little-endian: both architectures that mini runs on are.
Code compare(const SeccompCondition& condition) {
  const size_t low = offsetof(seccomp_data, args) + condition.index * sizeof(uint64_t);
  const size_t high = low + sizeof(uint32_t);
  switch (condition.op) {
    case Op::equal:
    case Op::not_equal:
    case Op::masked_equal:
      return compare_equal(condition, low, high);
    default:
      return compare_order(condition, low, high);
  }
}

void resolve(Code& code, uint8_t symbol, size_t target) {
  for (size_t i = 0; i < code.size(); ++i) {
    if (BPF_CLASS(code[i].code) != BPF_JMP) continue;
    if (code[i].jt == symbol) code[i].jt = static_cast<uint8_t>(target - i - 1);
    if (code[i].jf == symbol) code[i].jf = static_cast<uint8_t>(target - i - 1);
  }
}

Code decide(const SeccompDecision& decision) {
  Code code;
  for (const auto& alternative : decision.alternatives) {
    Code rule;
    for (const auto& condition : alternative.conditions) {
      Code test = compare(condition);
      resolve(test, kHolds, test.size());
      append(rule, test);
    }
    rule.push_back(answer(alternative.action));
    resolve(rule, kFails, rule.size());
    append(code, rule);
  }
  code.push_back(answer(decision.action));
  return code;
}

struct Range {
  uint32_t start;
  const SeccompDecision* decision;
};

Code tree(const std::vector<Range>& ranges, size_t begin, size_t end) {
  if (end - begin == 1) return decide(*ranges[begin].decision);
  const size_t middle = (begin + end) / 2;
  return branch(BPF_JGE, ranges[middle].start, tree(ranges, begin, middle),
                tree(ranges, middle, end));
}

Code architecture_code(const SeccompArchitecture& architecture) {
  std::vector<Range> ranges;
  for (const auto& [start, decision] : architecture.starts) {
    if (!ranges.empty()) {
      const SeccompDecision& before = *ranges.back().decision;
      if (before.alternatives.empty() && decision.alternatives.empty() &&
          before.action == decision.action)
        continue;
    }
    ranges.push_back({start, &decision});
  }
  Code code = {load(offsetof(seccomp_data, nr))};
  append(code, tree(ranges, 0, ranges.size()));
  return code;
}

}  // namespace

std::vector<sock_filter> assemble_seccomp(const std::vector<SeccompArchitecture>& architectures,
                                          uint32_t other_arch) {
  Code tests = {answer(other_arch)};
  for (auto arch = architectures.rbegin(); arch != architectures.rend(); ++arch)
    tests = branch(BPF_JEQ, arch->audit_arch, tests, architecture_code(*arch));
  Code program = {load(offsetof(seccomp_data, arch))};
  append(program, tests);
  if (program.size() > BPF_MAXINSNS)
    throw Error(cat("seccomp: the rules need ", program.size(),
                    " instructions, and the kernel takes ", BPF_MAXINSNS),
                "use fewer rules with conditions");
  return program;
}

}  // namespace mini::container
