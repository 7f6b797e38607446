// The OCI hooks that run outside of the container: config.md#posix-platform-hooks. A hook gets the
// container's state as JSON on standard input; it must exit with 0 within its timeout, or Error
// names the hook and its last words.
#pragma once

#include <string>
#include <vector>

#include "runtime/container/spec/spec.h"

namespace mini::container {

// The state's JSON (runtime.md#state) in two halves; the pid goes between.
struct HookState {
  std::string before_pid, after_pid;
  std::string with(pid_t pid) const { return before_pid + std::to_string(pid) + after_pid; }
};
HookState hook_state(const Spec& spec, const std::string& id, const std::string& status,
                     const std::string& bundle);

// Where a createContainer hook runs: in the namespaces of that process, with that root directory.
// Empty: where we are.
struct HookSpace {
  int pidfd = -1, root = -1;
};
void run_hooks(const std::vector<Hook>& hooks, const char* stage, const std::string& state,
               const HookSpace& space = {});

}  // namespace mini::container
