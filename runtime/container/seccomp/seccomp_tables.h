// What seccomp_gen writes when mini is built: the numbers of all system calls on the architectures
// that mini runs on, the default profile, and its filter for the capabilities that most containers
// have. Constant data, no start-up cost.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/container/seccomp/seccomp_rules.h"

namespace mini::container {

struct SyscallName {
  const char* name;
  int32_t numbers[kSeccompArchCount];  // by SeccompArch; -1: no such call there
};

struct CompiledProfile {
  uint64_t capabilities;  // those of profile_capabilities() that are held
  std::span<const sock_filter> program;
};

std::span<const SyscallName> syscall_names();  // sorted by name
std::string_view default_profile();            // seccomp-default.json
uint64_t default_profile_capabilities();
std::span<const CompiledProfile> compiled_profiles();

}  // namespace mini::container
