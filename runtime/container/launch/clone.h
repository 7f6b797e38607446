// The birth of a launcher: clone3 into its namespaces and cgroup, sharing our memory until execve
// (so nothing is copied, however large we are), then the launcher's sealed bytes instead of any
// file that a container could reach. Async-signal-safe on the child's side; all signals are blocked
// meanwhile.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/base/fd.h"

namespace mini::container {

struct Birth {
  pid_t pid = -1;
  Fd pidfd;
};

struct BirthOptions {
  uint64_t namespaces = 0;                // CLONE_NEW*
  int cgroup = -1;                        // CLONE_INTO_CGROUP, or -1
  const std::vector<int>* fds = nullptr;  // number i becomes kFirstFd + i
  // With CLONE_NEWUSER: writes the id maps; the child becomes root there and executes the launcher
  // after that, because execve takes the capabilities of a process that has no id yet.
  std::function<void(pid_t)> write_maps;
};

// Throws SysError; then there is no child.
Birth give_birth(const BirthOptions& options);

}  // namespace mini::container
