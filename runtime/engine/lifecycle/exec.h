// `exec`: one more process in a running container, with the container's environment, capabilities
// and limits. It dies with the client unless it is detached.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/monitor/attach.h"
#include "runtime/engine/record/container_store.h"

namespace mini::engine {

struct ExecRequest {
  std::string container;
  std::vector<std::string> args;
  std::vector<std::string> env;  // added to the container's
  std::string user;              // empty: the container's
  std::string working_dir;       // empty: the container's
  bool tty = false, interactive = false, detach = false, privileged = false;
  std::string detach_keys = "ctrl-p,ctrl-q";
};

// Returns the exit code (0 when detached). Throws no_command / not_executable (127 / 126), conflict
// when the container does not run.
int exec_in_container(const ContainerStore& store, const ExecRequest& request);

}  // namespace mini::engine
