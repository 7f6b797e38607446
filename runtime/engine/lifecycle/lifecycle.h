// What is done to containers that exist: stop, restart, kill, pause, wait, rename, rm. Each takes a
// name, an id or a unique prefix, and throws Error (not_found, conflict) naming it. All act on
// pidfds and wait without polling.
#pragma once

#include <optional>
#include <string>

#include "runtime/engine/record/engine.h"

namespace mini::engine {

struct StopOptions {
  std::string signal;            // empty: the container's
  std::optional<int> timeout_s;  // nothing: the container's, else 10; negative: wait for ever
};
struct Stopped {
  std::string
      note;  // one line worth telling, or empty: "web: SIGTERM was ignored because …; see --init"
};
// Stopped already: fine.
Stopped stop_container(const ContainerStore& store, const std::string& name,
                       const StopOptions& options = {});
Stopped restart_container(Engine& engine, const std::string& name, const StopOptions& options = {});
// SIGKILL: returns when it has ended, so that it can be started again at once.
void kill_container(const ContainerStore& store, const std::string& name,
                    const std::string& signal = "KILL");
void pause_container(const ContainerStore& store, const std::string& name);
void unpause_container(const ContainerStore& store, const std::string& name);
// Blocks until the container is not running; returns its exit code.
int wait_container(const ContainerStore& store, const std::string& name);
void rename_container(const ContainerStore& store, const std::string& name,
                      const std::string& new_name);

struct RemoveOptions {
  bool force = false;    // kill it when it runs; fine when it does not exist
  bool volumes = false;  // and its anonymous volumes
};
void remove_container(const ContainerStore& store, const std::string& name,
                      const RemoveOptions& options = {});

}  // namespace mini::engine
