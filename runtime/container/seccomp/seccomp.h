// Spec's seccomp section -> a classic BPF program (seccomp(2), config-linux.md#seccomp). The
// built-in default profile (Docker's rules, and no socket of the kernel's crypto or of vsock by any
// door) is compiled when mini is built, for the capabilities that most containers have; any other
// profile, or set of capabilities, is compiled when it is asked for, in about a millisecond. No
// library is involved. Pure. Throws Error for what is malformed and for SCMP_ACT_NOTIFY. Does not
// load the filter and does not set no_new_privs: the launcher does.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/container/seccomp/seccomp_config.h"

namespace mini::container {

// Moved, never copied: `program` may point into `storage`.
struct SeccompFilter {
  SeccompFilter() = default;
  SeccompFilter(SeccompFilter&&) = default;
  SeccompFilter& operator=(SeccompFilter&&) = default;

  std::vector<sock_filter> storage;      // owned program, or empty
  std::span<const sock_filter> program;  // into `storage` or into the binary
  unsigned flags = 0;                    // SECCOMP_FILTER_FLAG_*, as the Spec asks
};

// `capabilities`: the process's bounding set; the default profile allows more with some of them
// (SYS_ADMIN, SYS_PTRACE, …).
SeccompFilter compile_seccomp(const Seccomp& seccomp, const std::vector<std::string>& capabilities);

// The rules of the built-in profile, for `spec_to_json` of a default Spec.
Seccomp default_seccomp_rules(const std::vector<std::string>& capabilities);

}  // namespace mini::container
