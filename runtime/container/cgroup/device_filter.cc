#include "runtime/container/cgroup/device_filter.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

constexpr uint32_t kAllAccess = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
constexpr int kTypeBits = 2;
constexpr int kMaxMinor = 30;  // of those that fit the bits of a positive immediate
constexpr char kProgramName[] = "mini_devices";

// A checked rule: type 0 is any, negative numbers are any.
struct Rule {
  bool allow;
  uint32_t type;
  int64_t major, minor;
  uint32_t access;

  bool everything() const { return type == 0 && major < 0 && minor < 0 && access == kAllAccess; }
  bool same_key(const Rule& other) const {
    return type == other.type && major == other.major && minor == other.minor;
  }
  bool overlaps(const Rule& other) const {
    return (access & other.access) && (!type || !other.type || type == other.type) &&
           (major < 0 || other.major < 0 || major == other.major) &&
           (minor < 0 || other.minor < 0 || minor == other.minor);
  }
};

Rule checked(const DeviceRule& rule) {
  Rule result = {rule.allow, 0, rule.major.value_or(-1), rule.minor.value_or(-1), 0};
  if (rule.type == "c" || rule.type == "u") {
    result.type = BPF_DEVCG_DEV_CHAR;
  } else if (rule.type == "b") {
    result.type = BPF_DEVCG_DEV_BLOCK;
  } else if (rule.type != "a" && !rule.type.empty()) {
    throw Error(cat("device rule: type ", quoted(rule.type), ": is none of a, b, c"));
  }
  for (const char letter : rule.access) {
    constexpr std::string_view kLetters = "mrw";  // BPF_DEVCG_ACC_*, by bit
    const size_t bit = kLetters.find(letter);
    if (bit == std::string_view::npos)
      throw Error(
          cat("device rule: access ", quoted(rule.access), ": has letters other than r, w, m"));
    result.access |= 1u << bit;
  }
  if (result.access == 0) throw Error("device rule: access is empty", "name some of r, w, m");
  if (result.major > 0x7fffffff || result.minor > 0x7fffffff)
    throw Error("device rule: a device number is out of range");
  return result;
}

std::vector<Rule> checked(const std::vector<DeviceRule>& rules) {
  std::vector<Rule> result;
  for (const auto& rule : rules) result.push_back(checked(rule));
  return result;
}

bpf_insn instruction(int code, int dst, int src, int offset, int32_t value) {
  bpf_insn insn = {};
  insn.code = static_cast<__u8>(code);
  insn.dst_reg = dst & 0xf;
  insn.src_reg = src & 0xf;
  insn.off = static_cast<__s16>(offset);
  insn.imm = value;
  return insn;
}

// Rules in a row that differ only in small minor numbers, as one: the kernel's check of a program
// takes a time per branch, so fewer branches are a faster start of the container.
struct Block {
  Rule rule;
  uint32_t minors = 0;  // bit n: minor n; used when not 0, in place of rule.minor
};

std::vector<Block> blocks_of(const std::vector<Rule>& rules) {
  const auto small = [](const Rule& rule) { return rule.minor >= 0 && rule.minor <= kMaxMinor; };
  std::vector<Block> blocks;
  for (const Rule& rule : rules) {
    if (!blocks.empty() && small(rule) && small(blocks.back().rule)) {
      Block& last = blocks.back();
      if (last.rule.allow == rule.allow && last.rule.type == rule.type &&
          last.rule.major == rule.major && last.rule.access == rule.access) {
        last.minors |= 1u << last.rule.minor | 1u << rule.minor;
        continue;
      }
    }
    blocks.push_back({rule});
  }
  return blocks;
}

// What the program keeps where: r2 the device's type, r3 the wanted access bits that no rule has
// decided yet, r4 and r5 its numbers, r7 type and major number in one.
class Assembler {
 public:
  Assembler() {
    load(BPF_REG_2, offsetof(bpf_cgroup_dev_ctx, access_type));
    emit(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0);
    emit(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0xffff);
    emit(BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 16);
    load(BPF_REG_4, offsetof(bpf_cgroup_dev_ctx, major));
    load(BPF_REG_5, offsetof(bpf_cgroup_dev_ctx, minor));
    emit(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_7, BPF_REG_4, 0);
    emit(BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_7, 0, kTypeBits);
    emit(BPF_ALU64 | BPF_OR | BPF_X, BPF_REG_7, BPF_REG_2, 0);
  }

  void block(const Block& block) {
    const Rule& rule = block.rule;
    if (rule.type && rule.major >= 0 && rule.major <= INT32_MAX >> kTypeBits) {
      unless_equal(BPF_REG_7, static_cast<int32_t>(rule.major << kTypeBits | rule.type));
    } else {
      if (rule.type) unless_equal(BPF_REG_2, static_cast<int32_t>(rule.type));
      if (rule.major >= 0) unless_equal(BPF_REG_4, static_cast<int32_t>(rule.major));
    }
    if (block.minors) {
      skip_if(BPF_JGT, BPF_REG_5, kMaxMinor);
      emit(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_6, 0, 1);
      emit(BPF_ALU64 | BPF_LSH | BPF_X, BPF_REG_6, BPF_REG_5, 0);
      emit(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_6, 0, static_cast<int32_t>(block.minors));
      skip_if(BPF_JEQ, BPF_REG_6, 0);
    } else if (rule.minor >= 0) {
      unless_equal(BPF_REG_5, static_cast<int32_t>(rule.minor));
    }
    if (rule.access != kAllAccess && rule.allow) {
      emit(BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0,
           static_cast<int32_t>(kAllAccess & ~rule.access));
      unless_equal(BPF_REG_3, 0);
    } else if (rule.access != kAllAccess) {
      emit(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_3, 0);
      emit(BPF_ALU | BPF_AND | BPF_K, BPF_REG_6, 0, static_cast<int32_t>(rule.access));
      skip_if(BPF_JEQ, BPF_REG_6, 0);
    }
    leave(rule.allow);
    for (const size_t at : skips_) code_[at].off = static_cast<__s16>(code_.size() - at - 1);
    skips_.clear();
  }

  void leave(bool allow) {
    emit(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, allow ? 1 : 0);
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0);
  }

  std::vector<bpf_insn> take() { return std::move(code_); }

 private:
  void emit(int code, int dst, int src, int32_t value) {
    code_.push_back(instruction(code, dst, src, 0, value));
  }
  void load(int dst, size_t offset) {
    code_.push_back(
        instruction(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, static_cast<int>(offset), 0));
  }
  void skip_if(int test, int reg, int32_t value) {  // …the block
    skips_.push_back(code_.size());
    emit(BPF_JMP | test | BPF_K, reg, 0, value);
  }
  void unless_equal(int reg, int32_t value) { skip_if(BPF_JNE, reg, value); }

  std::vector<bpf_insn> code_;
  std::vector<size_t> skips_;
};

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

Fd load_program(const std::vector<bpf_insn>& program) {
  static constexpr char kLicense[] = "Apache-2.0";
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = reinterpret_cast<uintptr_t>(program.data());
  attributes.insn_cnt = static_cast<__u32>(program.size());
  attributes.license = reinterpret_cast<uintptr_t>(kLicense);
  std::memcpy(attributes.prog_name, kProgramName, sizeof kProgramName);
  Fd loaded(bpf(BPF_PROG_LOAD, attributes));
  if (!loaded) throw SysError("device filter: the kernel does not take the program");
  return loaded;
}

// The program that an earlier call attached to this very group.
Fd attached_program(int group) {
  std::array<__u32, 64> ids = {};
  bpf_attr query = {};
  query.query.target_fd = group;
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = reinterpret_cast<uintptr_t>(ids.data());
  query.query.prog_cnt = ids.size();
  if (bpf(BPF_PROG_QUERY, query) < 0) return {};
  for (__u32 i = 0; i < std::min<__u32>(query.query.prog_cnt, ids.size()); ++i) {
    bpf_attr by_id = {};
    by_id.prog_id = ids[i];
    Fd program(bpf(BPF_PROG_GET_FD_BY_ID, by_id));
    if (!program) continue;
    bpf_prog_info info = {};
    bpf_attr describe = {};
    describe.info.bpf_fd = program.get();
    describe.info.info_len = sizeof info;
    describe.info.info = reinterpret_cast<uintptr_t>(&info);
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, describe) == 0 && std::strcmp(info.name, kProgramName) == 0)
      return program;
  }
  return {};
}

std::string v1_line(const Rule& rule, char type) {
  const auto number = [](int64_t value) {
    return value < 0 ? std::string("*") : std::to_string(value);
  };
  std::string line = cat(type, " ", number(rule.major), ":", number(rule.minor), " ");
  if (rule.access & BPF_DEVCG_ACC_READ) line += 'r';
  if (rule.access & BPF_DEVCG_ACC_WRITE) line += 'w';
  if (rule.access & BPF_DEVCG_ACC_MKNOD) line += 'm';
  return line;
}

}  // namespace

std::vector<DeviceRule> effective_device_rules(const std::vector<DeviceRule>& rules) {
  std::vector<DeviceRule> result = rules;
  const auto allow = [&](const char* type, std::optional<int64_t> major,
                         std::optional<int64_t> minor, const char* access) {
    result.push_back({true, type, major, minor, access});
  };
  allow("a", {}, {}, "m");
  for (const int64_t minor : {3, 5, 7, 8, 9})
    allow("c", 1, minor, "rwm");  // null zero full random urandom
  for (const int64_t minor : {0, 1, 2}) allow("c", 5, minor, "rwm");  // tty console ptmx
  allow("c", 136, {}, "rwm");                                         // pts/*
  return result;
}

bool allows_all_devices(const std::vector<DeviceRule>& rules) {
  bool all = false;
  for (const auto& rule : checked(rules)) all = rule.allow && (all || rule.everything());
  return all;
}

std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules) {
  Assembler assembler;
  const auto blocks = blocks_of(checked(rules));
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    assembler.block(*block);
    // Nothing is reachable after this, and the kernel's verifier refuses dead code.
    if (block->rule.everything()) return assembler.take();
  }
  assembler.leave(false);
  return assembler.take();
}

void attach_device_program(const std::string& directory, const std::vector<bpf_insn>& program) {
  const Fd group = open_file(directory, O_RDONLY | O_DIRECTORY);
  const Fd loaded = load_program(program);
  const Fd earlier = attached_program(group.get());
  bpf_attr attributes = {};
  attributes.target_fd = group.get();
  attributes.attach_bpf_fd = loaded.get();
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (earlier) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = earlier.get();
  }
  if (bpf(BPF_PROG_ATTACH, attributes) < 0)
    throw SysError(cat("device filter: cannot be attached to ", directory));
}

LimitWrites v1_device_writes(const std::vector<DeviceRule>& rules) {
  LimitWrites writes;
  std::vector<Rule> exceptions;  // to the default, as the kernel keeps them
  bool allowed = false;          // the default
  const auto set_default = [&](bool allow) {
    allowed = allow;
    exceptions.clear();
    writes.push_back({allow ? "devices.allow" : "devices.deny", "a", "device rule"});
  };
  const auto list = checked(rules);
  if (list.empty() || !list.front().everything()) set_default(false);
  for (const Rule& rule : list) {
    if (rule.everything()) {
      set_default(rule.allow);
      continue;
    }
    for (const auto& [type, letter] :
         {std::pair(BPF_DEVCG_DEV_BLOCK, 'b'), std::pair(BPF_DEVCG_DEV_CHAR, 'c')}) {
      if (rule.type && rule.type != static_cast<uint32_t>(type)) continue;
      Rule single = rule;
      single.type = type;
      if (rule.allow != allowed) {
        exceptions.push_back(single);
      } else if (std::any_of(exceptions.begin(), exceptions.end(), [&](const Rule& other) {
                   return other.overlaps(single) && !other.same_key(single);
                 })) {
        throw Error(cat("device rule ", v1_line(single, letter),
                        ": cgroup v1 cannot take back a part of what a wider rule said"),
                    "name the devices one by one");
      }
      writes.push_back(
          {rule.allow ? "devices.allow" : "devices.deny", v1_line(single, letter), "device rule"});
    }
  }
  return writes;
}

bool device_filter_possible() {
  static const bool possible = [] {
    const std::string map = read_file("/proc/self/uid_map");
    const auto fields = words(map);
    if (fields.size() != 3 || fields[0] != "0" || fields[1] != "0" || fields[2] != "4294967295")
      return false;
    const std::string status = read_file("/proc/self/status");
    const size_t at = status.find("CapEff:");
    if (at == std::string::npos) return false;
    return (std::stoull(status.substr(at + 7), nullptr, 16) >> CAP_SYS_ADMIN & 1) != 0;
  }();
  return possible;
}

}  // namespace mini::container
