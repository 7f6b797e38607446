// Runs the device program in a small interpreter of eBPF against every rule list of a grid and
// every request, and compares with what the specification says.
#include "runtime/container/cgroup/device_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

using testing::ElementsAre;

struct Request {
  uint32_t type, access, major, minor;
};

bool run_filter(const std::vector<bpf_insn>& program, const Request& request) {
  const bpf_cgroup_dev_ctx context = {request.access << 16 | request.type, request.major,
                                      request.minor};
  uint64_t r[11] = {};
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const bpf_insn& insn = program[pc];
    uint64_t& dst = r[insn.dst_reg];
    const uint64_t imm = static_cast<uint64_t>(static_cast<int64_t>(insn.imm));
    switch (insn.code) {
      case BPF_LDX | BPF_MEM | BPF_W: {
        uint32_t word;
        std::memcpy(&word, reinterpret_cast<const char*>(&context) + insn.off, sizeof word);
        dst = word;
        break;
      }
      case BPF_ALU | BPF_MOV | BPF_X:
        dst = static_cast<uint32_t>(r[insn.src_reg]);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        dst = static_cast<uint32_t>(dst) & static_cast<uint32_t>(insn.imm);
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        dst = static_cast<uint32_t>(dst) >> insn.imm;
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        dst = imm;
        break;
      case BPF_ALU64 | BPF_MOV | BPF_X:
        dst = r[insn.src_reg];
        break;
      case BPF_ALU64 | BPF_LSH | BPF_K:
        dst <<= insn.imm;
        break;
      case BPF_ALU64 | BPF_LSH | BPF_X:
        EXPECT_LT(r[insn.src_reg], 64u);
        dst <<= r[insn.src_reg];
        break;
      case BPF_ALU64 | BPF_OR | BPF_X:
        dst |= r[insn.src_reg];
        break;
      case BPF_ALU64 | BPF_AND | BPF_K:
        dst &= imm;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        if (dst > imm) pc += insn.off;
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
        if (dst != imm) pc += insn.off;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        if (dst == imm) pc += insn.off;
        break;
      case BPF_JMP | BPF_EXIT:
        return r[0] == 1;
      default:
        ADD_FAILURE() << "instruction " << int{insn.code};
        return false;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return false;
}

// The specification, word by word: for each wanted bit, the last rule that matches the device and
// names the bit.
bool expected(const std::vector<DeviceRule>& rules, const Request& request) {
  const auto matches = [&](const DeviceRule& rule) {
    const bool type =
        rule.type == "a" || (rule.type == "c") == (request.type == BPF_DEVCG_DEV_CHAR);
    return type && (!rule.major || *rule.major == request.major) &&
           (!rule.minor || *rule.minor == request.minor);
  };
  for (const auto& [bit, letter] : {std::pair(1u, 'm'), std::pair(2u, 'r'), std::pair(4u, 'w')}) {
    if (!(request.access & bit)) continue;
    bool allowed = false;
    for (const auto& rule : rules)
      if (matches(rule) && rule.access.find(letter) != std::string::npos) allowed = rule.allow;
    if (!allowed) return false;
  }
  return true;
}

std::vector<DeviceRule> grid() {
  std::vector<DeviceRule> rules;
  for (const bool allow : {true, false})
    for (const char* type : {"a", "c", "b"})
      for (const std::optional<int64_t> major :
           {std::optional<int64_t>(), std::optional<int64_t>(1)})
        for (const std::optional<int64_t> minor :
             {std::optional<int64_t>(), std::optional<int64_t>(3)})
          for (const char* access : {"rwm", "r", "wm"})
            rules.push_back({allow, type, major, minor, access});
  return rules;
}

std::vector<Request> requests() {
  std::vector<Request> all;
  for (const uint32_t type : {BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR})
    for (uint32_t access = 1; access < 8; ++access)
      for (const uint32_t major : {1u, 2u})
        for (const uint32_t minor : {3u, 4u}) all.push_back({type, access, major, minor});
  return all;
}

void expect_same(const std::vector<DeviceRule>& rules, const std::vector<Request>& all) {
  const auto program = device_program(rules);
  for (const auto& request : all) {
    if (run_filter(program, request) == expected(rules, request)) continue;
    std::string text;
    for (const auto& rule : rules)
      text += cat(rule.allow ? "allow " : "deny ", rule.type, " ", rule.major.value_or(-1), ":",
                  rule.minor.value_or(-1), " ", rule.access, "; ");
    FAIL() << text << "type " << request.type << " access " << request.access << " "
           << request.major << ":" << request.minor;
  }
}

TEST(DeviceProgram, EveryPairOfRulesDecidesAsTheSpecificationSays) {
  const auto all = requests();
  const auto rules = grid();
  expect_same({}, all);
  for (const auto& first : rules) {
    expect_same({first}, all);
    for (const auto& second : rules) expect_same({first, second}, all);
  }
}

TEST(DeviceProgram, LongListsDecideAsTheSpecificationSays) {
  const auto all = requests();
  const auto rules = grid();
  for (size_t start = 0; start < rules.size(); ++start) {
    std::vector<DeviceRule> list;
    for (size_t i = 0; i < 7; ++i) list.push_back(rules[(start + i * 11) % rules.size()]);
    expect_same(list, all);
  }
}

TEST(DeviceProgram, RunsOfMinorNumbersDecideAsTheSpecificationSays) {
  std::vector<Request> all;
  for (uint32_t minor = 0; minor < 70; ++minor)
    for (uint32_t access = 1; access < 8; ++access)
      for (const uint32_t major : {7u, 8u, 1u << 29, 0x7fffffffu})
        all.push_back({BPF_DEVCG_DEV_CHAR, access, major, minor});
  all.push_back({BPF_DEVCG_DEV_CHAR, 2, 7, 0xffffffff});
  for (const int64_t major : {7LL, 8LL, 1LL << 29, 0x7fffffffLL}) {
    for (const char* access : {"rwm", "r"}) {
      std::vector<DeviceRule> rules;
      for (const int64_t minor : {0, 3, 30, 31, 32, 63, 64, 5})
        rules.push_back({true, "c", major, minor, access});
      for (const int64_t minor : {3, 5}) rules.push_back({false, "c", major, minor, "w"});
      for (const int64_t minor : {5, 6, 7}) rules.push_back({true, "a", {}, minor, access});
      expect_same(rules, all);
    }
  }
}

TEST(DeviceProgram, NothingFollowsARuleThatDecidesAll) {
  // The kernel refuses programs with unreachable instructions.
  const std::vector<DeviceRule> tail = {{false, "a", {}, {}, "rwm"}, {true, "c", 1, 3, "rw"}};
  std::vector<DeviceRule> list = grid();
  list.insert(list.end(), tail.begin(), tail.end());
  EXPECT_EQ(device_program(list).size(), device_program(tail).size());
}

TEST(DeviceRules, EveryContainerHasItsOwnDevices) {
  const auto program = device_program(effective_device_rules({{false, "a", {}, {}, "rwm"}}));
  EXPECT_LE(program.size(), 40u) << "the kernel checks it at each start";
  constexpr uint32_t kAll = 7, kMknod = 1;
  for (const uint32_t minor : {3, 5, 7, 8, 9})
    EXPECT_TRUE(run_filter(program, {BPF_DEVCG_DEV_CHAR, kAll, 1, minor}));
  for (const uint32_t minor : {0, 1, 2})
    EXPECT_TRUE(run_filter(program, {BPF_DEVCG_DEV_CHAR, kAll, 5, minor}));
  EXPECT_TRUE(run_filter(program, {BPF_DEVCG_DEV_CHAR, kAll, 136, 42}));
  EXPECT_TRUE(run_filter(program, {BPF_DEVCG_DEV_BLOCK, kMknod, 8, 0}));
  EXPECT_FALSE(run_filter(program, {BPF_DEVCG_DEV_BLOCK, 2, 8, 0})) << "a disk";
  EXPECT_FALSE(run_filter(program, {BPF_DEVCG_DEV_CHAR, 2, 1, 1})) << "/dev/mem";
  EXPECT_FALSE(run_filter(program, {BPF_DEVCG_DEV_CHAR, 2, 1, 11})) << "/dev/kmsg";
  EXPECT_FALSE(run_filter(program, {BPF_DEVCG_DEV_CHAR, 2, 10, 200})) << "/dev/net/tun";
}

TEST(DeviceRules, AllowingAllIsSeen) {
  EXPECT_TRUE(allows_all_devices({{true, "a", {}, {}, "rwm"}}));
  EXPECT_TRUE(allows_all_devices(
      effective_device_rules({{false, "a", {}, {}, "rwm"}, {true, "a", {}, {}, "rwm"}})));
  EXPECT_FALSE(allows_all_devices({}));
  EXPECT_FALSE(allows_all_devices({{true, "a", {}, {}, "rwm"}, {false, "c", 1, 1, "r"}}));
  EXPECT_FALSE(allows_all_devices({{true, "a", {}, {}, "rw"}}));
}

TEST(DeviceRules, MalformedIsRefused) {
  EXPECT_THROW(device_program({{true, "p", {}, {}, "rwm"}}), Error);
  EXPECT_THROW(device_program({{true, "c", {}, {}, "rx"}}), Error);
  EXPECT_THROW(device_program({{true, "c", {}, {}, ""}}), Error);
  EXPECT_THROW(device_program({{true, "c", 1LL << 40, {}, "r"}}), Error);
}

std::vector<std::string> v1(const std::vector<DeviceRule>& rules) {
  std::vector<std::string> lines;
  for (const auto& write : v1_device_writes(rules))
    lines.push_back(cat(write.file.substr(8), " ", write.value));
  return lines;
}

TEST(DeviceRules, AsV1Lines) {
  EXPECT_THAT(v1({{false, "a", {}, {}, "rwm"}, {true, "c", 1, 3, "rwm"}, {true, "b", {}, {}, "m"}}),
              ElementsAre("deny a", "allow c 1:3 rwm", "allow b *:* m"));
  // What no rule allows is denied, also when no rule says so.
  EXPECT_THAT(v1({{true, "c", 136, {}, "rw"}}), ElementsAre("deny a", "allow c 136:* rw"));
  EXPECT_THAT(v1({{true, "a", {}, {}, "rwm"}, {false, "b", 8, {}, "w"}}),
              ElementsAre("allow a", "deny b 8:* w"));
  EXPECT_THAT(v1({{true, "a", 7, {}, "r"}}),
              ElementsAre("deny a", "allow b 7:* r", "allow c 7:* r"));
  // v1 would go on allowing 1:3 through the wider rule.
  EXPECT_THROW(v1({{true, "c", 1, {}, "rwm"}, {false, "c", 1, 3, "w"}}), Error);
}

}  // namespace
}  // namespace mini::container
