// linux.seccomp of the OCI runtime specification (config-linux.md, "Seccomp") as plain values. Part
// of the Spec; seccomp.h compiles it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mini::container {

struct SeccompArg {
  uint32_t index = 0;
  uint64_t value = 0, value_two = 0;
  std::string op;
};

struct SeccompRule {
  std::vector<std::string> names;
  std::string action;
  std::optional<uint32_t> errno_ret;
  std::vector<SeccompArg> args;
};

struct Seccomp {
  std::string default_action;
  std::optional<uint32_t> default_errno_ret;
  std::vector<std::string> architectures, flags;
  std::string listener_path, listener_metadata;
  std::vector<SeccompRule> syscalls;
  // mini's own: the built-in default profile for these capabilities; no other member counts. Its
  // filter was compiled when mini was.
  bool builtin_default = false;
};

}  // namespace mini::container
