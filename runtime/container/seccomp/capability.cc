#include "runtime/container/seccomp/capability.h"

#include <algorithm>
#include <array>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

// The index is the bit: <linux/capability.h>.
constexpr std::array<std::string_view, 41> kNames = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

constexpr int kCount = static_cast<int>(kNames.size());

std::string bare_name(std::string_view name) {
  std::string word = upper(name);
  if (word.starts_with("CAP_")) word.erase(0, 4);
  return word;
}

bool is_all(std::string_view name) {
  return bare_name(name) == "ALL";
}

int require_bit(std::string_view name) {
  if (auto bit = capability_bit(name)) return *bit;
  const auto near = did_you_mean(bare_name(name), kNames);
  throw Error(cat("capability ", quoted(name), ": unknown"),
              near ? cat("did you mean CAP_", *near, "?") : "see capabilities(7) for the names",
              ErrorKind::usage);
}

// The bits of `names` without a meaning for ALL, which the caller has looked for.
uint64_t bits_of(const std::vector<std::string>& names) {
  uint64_t mask = 0;
  for (const auto& name : names)
    if (!is_all(name)) mask |= 1ULL << require_bit(name);
  return mask;
}

}  // namespace

std::optional<int> capability_bit(std::string_view name) {
  const std::string word = bare_name(name);
  const auto found = std::find(kNames.begin(), kNames.end(), word);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<int>(found - kNames.begin());
}

std::string capability_name(int bit) {
  if (bit < 0 || bit >= kCount) throw Error(cat("capability ", bit, ": unknown"));
  return cat("CAP_", kNames[bit]);
}

uint64_t kernel_capabilities() {
  static const uint64_t all = [] {
    int last = kCount - 1;
    if (auto text = read_file_if_exists("/proc/sys/kernel/cap_last_cap"))
      if (auto number = parse_number(trim(*text), 63)) last = std::min<int>(last, *number);
    return (1ULL << (last + 1)) - 1;
  }();
  return all;
}

uint64_t capability_mask(const std::vector<std::string>& names) {
  const uint64_t mask = bits_of(names);
  const bool all = std::any_of(names.begin(), names.end(), is_all);
  return all ? mask | kernel_capabilities() : mask;
}

std::vector<std::string> apply_capability_flags(const std::vector<std::string>& base,
                                                const std::vector<std::string>& add,
                                                const std::vector<std::string>& drop) {
  const uint64_t added = bits_of(add);
  const uint64_t dropped = bits_of(drop);
  uint64_t mask;
  if (std::any_of(add.begin(), add.end(), is_all)) {
    mask = kernel_capabilities() & ~dropped;
  } else if (std::any_of(drop.begin(), drop.end(), is_all)) {
    mask = added;
  } else {
    mask = (bits_of(base) & ~dropped) | added;
  }
  std::vector<std::string> result;
  for (int bit = 0; bit < kCount; ++bit)
    if (mask >> bit & 1) result.push_back(capability_name(bit));
  return result;
}

const std::vector<std::string>& default_capabilities() {
  static const std::vector<std::string> names = {
      "CAP_CHOWN",       "CAP_DAC_OVERRIDE", "CAP_FOWNER",
      "CAP_FSETID",      "CAP_KILL",         "CAP_SETGID",
      "CAP_SETUID",      "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE",
      "CAP_NET_RAW",     "CAP_SYS_CHROOT",   "CAP_MKNOD",
      "CAP_AUDIT_WRITE", "CAP_SETFCAP"};
  return names;
}

}  // namespace mini::container
