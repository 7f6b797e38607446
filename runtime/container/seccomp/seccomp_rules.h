// The specification's seccomp section (config-linux.md#seccomp) in the kernel's terms: action,
// operator, architecture and flag names, and the rules of each system call sorted out. How rules
// meet, as in the runtimes that users come from: a rule without conditions decides its call for
// good, the first one; else the first rule whose conditions hold; else the default. A rule whose
// action is the default's says nothing. A name that an architecture does not have is skipped there,
// as the specification demands. A call newer than any that the rules name answers ENOSYS when the
// default is a refusal, so that libraries fall back to what they used before.
//
// Pure: the numbers of system calls come from the caller. Throws Error naming what is malformed.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/container/seccomp/seccomp_config.h"

namespace mini::container {

enum class SeccompArch { x86_64, x86, x32, aarch64, arm };
constexpr int kSeccompArchCount = 5;
constexpr uint32_t kX32Bit = 0x4000'0000;  // in the number of an x32 call

using SyscallNumbers = std::function<std::optional<uint32_t>(SeccompArch, std::string_view name)>;

// "SCMP_ARCH_X86_64" -> the architecture; nothing for one that no processor running mini has;
// throws for a name that does not exist.
std::optional<SeccompArch> seccomp_arch(std::string_view name);
const char* native_seccomp_arch();  // "SCMP_ARCH_X86_64"

unsigned seccomp_flags(const std::vector<std::string>& names);  // SECCOMP_FILTER_FLAG_*
std::vector<sock_filter> seccomp_program(const Seccomp& seccomp, const SyscallNumbers& numbers);

}  // namespace mini::container
