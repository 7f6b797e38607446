// What the OCI runtime's commands share: a container's record, and the small things around a
// launch. Private to oci_*.cc.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/container/oci/oci_runtime.h"

namespace mini::container {

struct OciRuntime::Record {
  std::string id, bundle, created;
  ProcessId process;  // pid 0: was never launched
  Cgroup cgroup;
  Spec spec;
};

// Kills and reaps a launched process unless everything after the launch went well.
struct Undo {
  const Launched* launched;
  ~Undo();
};

Fd connect_console(const std::string& path);
void check_console(bool terminal, bool detached, const std::string& socket);
std::vector<int> preserved_descriptors(int count);
void write_pid_file(const std::string& path, pid_t pid);
// After SIGKILL; throws when the process is still there after ten seconds.
void wait_for_end(int pidfd, const std::string& id);

}  // namespace mini::container
