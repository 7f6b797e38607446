// The Spec of one more process in a running container: for `exec` and for health checks.
// Environment, user, directory, capabilities and seccomp are the container's unless the settings
// say otherwise.
#pragma once

#include <string>
#include <vector>

#include "runtime/container/launch/launch.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

struct ExecSettings {
  std::vector<std::string> args, env;
  std::string user, working_dir;
  bool tty = false, privileged = false;
};

// Pure, but for a seccomp profile's file that the container was made with.
container::Spec make_exec_spec(const Record& record, const ExecSettings& settings,
                               const container::ResolvedUser& user);

// Looked up in the running container's own /etc, as it is now. Throws conflict when it does not
// run.
container::ResolvedUser find_running_user(const Record& record, const std::string& user);

}  // namespace mini::engine
