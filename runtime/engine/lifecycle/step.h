// One command of a build, in the same sandbox as a container, without a record, a log or a name:
// `RUN`. The root file system is the overlay that is given; the caller owns its directories. The
// process dies with the caller. Returns Docker's exit code; throws Error when the process could not
// be started.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/state_paths.h"
#include "runtime/container/spec/spec.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

struct StepRequest {
  StatePaths paths;
  std::string name;  // for errors
  container::Spec::Overlay overlay;
  std::vector<std::string> args, env;
  std::string user, working_dir = "/";
  std::vector<container::Mount> mounts;  // after the sandbox's own
  std::string network_mode = "none";     // or "host", "bridge": the default network
  HostConfig host;                     // limits, security_opt and cgroup_parent are taken from here
  bool insecure = false;               // RUN --security=insecure
  std::vector<std::string> add_hosts;  // "name:address"
  // Called from the calling thread with each piece of output, as it comes.
  std::function<void(bool is_stderr, std::string_view data)> on_output;
  int cancel_fd = -1;  // readable: kill the command, then return 137
};

int run_step(const StepRequest& request);

}  // namespace mini::engine
