// Spec's seccomp section -> a classic BPF program (seccomp(2), config-linux.md#seccomp). The built-in default profile (Docker's rules) is compiled when mini
// is built, once per set of capabilities that matters to it; any other is compiled with libseccomp when it is asked for. Pure but for that cache.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/container/spec.h"

namespace mini::container {

struct SeccompFilter {
  std::vector<sock_filter> storage;        // owned program, or empty
  std::span<const sock_filter> program;    // into `storage` or into the binary
  unsigned flags = 0;                      // SECCOMP_FILTER_FLAG_*
};

// `capabilities`: the process's bounding set; the default profile allows more with some of them (SYS_ADMIN, SYS_PTRACE, …).
SeccompFilter compile_seccomp(const Seccomp& seccomp, const std::vector<std::string>& capabilities);

// The rules of the built-in profile, for `spec_to_json` of a default Spec.
Seccomp default_seccomp_rules(const std::vector<std::string>& capabilities);

}  // namespace mini::container
