// Starting containers. Detached, or with a terminal or an open stdin: a process of its own
// (monitor.h) watches the container, and the caller is at most a client of it (attach.h). In the
// foreground without stdin the caller itself is the monitor: nothing is spawned, and the container
// dies with it.
#pragma once

#include <functional>
#include <string>

#include "runtime/engine/lifecycle/create.h"
#include "runtime/engine/monitor/attach.h"
#include "runtime/engine/record/engine.h"

namespace mini::engine {

struct RunOptions {
  bool detach = false;
  AttachOptions attach;  // streams and keys, when not detached
  // Called when the container exists and before it starts (--cidfile). What it throws undoes the
  // creation.
  std::function<void(const Record&)> on_created;
};

// `run`. Returns the container's exit code, 0 when it was detached. Throws with kind no_command
// (127) or not_executable (126) as launch() does; the container then stays as "created" unless it
// is --rm.
int run_container(Engine& engine, const CreateRequest& request, const RunOptions& options);

// Returns when the container is healthy, or runs and has no health check. Throws when it exits, is
// unhealthy, or after `timeout_ns` (0: never); the container stays as it is.
void wait_until_ready(Engine& engine, const std::string& id, int64_t timeout_ns);

// `start`: returns when the process runs. A running container is left as it is.
void start_container(Engine& engine, const std::string& id);
// `start -a [-i]`: returns the exit code (0 after the detach keys).
int start_attached(Engine& engine, const std::string& id, const AttachOptions& options);

// The body of the hidden command `mini monitor ID`, which start_container runs as a new process (fd
// 3: where to report, 4: the container's lock, 5: a first client, if any). Returns the process's
// exit code; nothing is left on its standard streams.
int run_monitor(Engine& engine, const std::string& id);

}  // namespace mini::engine
