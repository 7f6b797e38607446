// --security-opt, parsed: what of the default sandbox is lifted or tightened. Options that mini
// cannot honour (SELinux labels, AppArmor profiles) are accepted only where they ask for what is so
// anyway, and refused by name otherwise.
#pragma once

#include <string>
#include <vector>

namespace mini::engine {

struct SecurityOptions {
  bool no_new_privileges = false;
  bool seccomp_unconfined = false;
  std::string seccomp_profile;    // a file; empty: the built-in one
  bool paths_unconfined = false;  // systempaths=unconfined: nothing masked, nothing read-only
  std::vector<std::string> mask, unmask;  // absolute paths; unmask "ALL"
};

// Throws Error (usage) naming the option.
SecurityOptions parse_security_options(const std::vector<std::string>& options);

}  // namespace mini::engine
