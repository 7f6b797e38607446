#include "runtime/container/seccomp/seccomp.h"

#include <algorithm>

#include "runtime/container/seccomp/capability.h"
#include "runtime/container/seccomp/seccomp_profile.h"
#include "runtime/container/seccomp/seccomp_rules.h"
#include "runtime/container/seccomp/seccomp_tables.h"

namespace mini::container {
namespace {

constexpr const char* kProfileName = "the built-in seccomp profile";

std::optional<uint32_t> syscall_number(SeccompArch arch, std::string_view name) {
  const auto table = syscall_names();
  const auto found = std::lower_bound(
      table.begin(), table.end(), name,
      [](const SyscallName& entry, std::string_view key) { return entry.name < key; });
  if (found == table.end() || found->name != name) return std::nullopt;
  const int32_t number = found->numbers[static_cast<int>(arch)];
  if (number < 0) return std::nullopt;
  return static_cast<uint32_t>(number);
}

}  // namespace

Seccomp default_seccomp_rules(const std::vector<std::string>& capabilities) {
  return select_profile(default_profile(), kProfileName, capability_mask(capabilities));
}

SeccompFilter compile_seccomp(const Seccomp& seccomp,
                              const std::vector<std::string>& capabilities) {
  SeccompFilter filter;
  if (seccomp.builtin_default) {
    const uint64_t held = capability_mask(capabilities) & default_profile_capabilities();
    for (const auto& compiled : compiled_profiles()) {
      if (compiled.capabilities != held) continue;
      filter.program = compiled.program;
      return filter;
    }
    filter.storage = seccomp_program(default_seccomp_rules(capabilities), syscall_number);
  } else {
    filter.flags = seccomp_flags(seccomp.flags);
    filter.storage = seccomp_program(seccomp, syscall_number);
  }
  filter.program = filter.storage;
  return filter;
}

}  // namespace mini::container
