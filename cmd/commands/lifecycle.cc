// stop, restart, kill, pause, unpause, wait, rename, rm: what is done to containers that exist.
#include "runtime/engine/lifecycle/lifecycle.h"

#include <cstdio>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

void tell(const std::string& note) {
  if (!note.empty()) std::fprintf(stderr, "mini: %s\n", note.c_str());
}

// The flags that stop and restart share.
struct StopFlags {
  std::string signal;
  std::optional<int64_t> seconds;
  std::vector<std::string> names;

  explicit StopFlags(Flags& flags) {
    flags.value("-t,--timeout,--time SECONDS", seconds,
                "seconds until it is killed (default 10); -1 waits forever");
    flags.value("-s,--signal SIGNAL", signal,
                "signal to send first (default the image's, or TERM)");
    flags.arguments("CONTAINER", names, true);
  }

  engine::StopOptions options() const {
    engine::StopOptions out;
    out.signal = signal;
    if (!seconds) return out;
    if (*seconds < -1 || *seconds > INT32_MAX)
      throw Error(cat("flag --timeout ", *seconds, ": not a number of seconds"), "-1 waits forever",
                  ErrorKind::usage);
    out.timeout_s = static_cast<int>(*seconds);
    return out;
  }
};

using SimpleAct = void (*)(const engine::ContainerStore& store, const std::string& name);

int simple(const Session& session, const Args& args, const char* usage, const char* summary,
           SimpleAct act) {
  Flags flags(usage, summary);
  std::vector<std::string> names;
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore store(session.paths);
  return for_each_name(names, [&](const std::string& name) {
    act(store, name);
    return name;
  });
}

}  // namespace

int stop(const Session& session, const Args& args) {
  Flags flags("stop [flags] CONTAINER...",
              "Stops containers: sends a signal, and after a timeout KILL.");
  const StopFlags stop_flags(flags);
  if (!flags.parse(args)) return 0;
  const engine::StopOptions options = stop_flags.options();
  const engine::ContainerStore store(session.paths);
  return for_each_name(stop_flags.names, [&](const std::string& name) {
    tell(engine::stop_container(store, name, options).note);
    return name;
  });
}

int restart(const Session& session, const Args& args) {
  Flags flags("restart [flags] CONTAINER...", "Stops containers and starts them again.");
  const StopFlags stop_flags(flags);
  if (!flags.parse(args)) return 0;
  const engine::StopOptions options = stop_flags.options();
  Stores stores(session);
  return for_each_name(stop_flags.names, [&](const std::string& name) {
    tell(engine::restart_container(stores.engine(), name, options).note);
    return name;
  });
}

int kill(const Session& session, const Args& args) {
  Flags flags("kill [flags] CONTAINER...", "Sends a signal to the main process of containers.");
  std::string signal = "KILL";
  std::vector<std::string> names;
  flags.value("-s,--signal SIGNAL", signal, "signal to send (default KILL)");
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  parse_signal(signal);  // a wrong one is an error of the command line, not of each container
  const engine::ContainerStore store(session.paths);
  return for_each_name(names, [&](const std::string& name) {
    engine::kill_container(store, name, signal);
    return name;
  });
}

int pause(const Session& session, const Args& args) {
  return simple(session, args, "pause CONTAINER...", "Pauses all processes of containers.",
                engine::pause_container);
}

int unpause(const Session& session, const Args& args) {
  return simple(session, args, "unpause CONTAINER...", "Resumes paused containers.",
                engine::unpause_container);
}

int wait(const Session& session, const Args& args) {
  Flags flags("wait CONTAINER...", "Waits for containers to exit and prints their exit codes.");
  std::vector<std::string> names;
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore store(session.paths);
  return for_each_name(names, [&](const std::string& name) {
    return std::to_string(engine::wait_container(store, name));
  });
}

int rename(const Session& session, const Args& args) {
  Flags flags("rename CONTAINER NEW_NAME", "Renames a container.");
  std::string name, new_name;
  flags.argument("CONTAINER", name, true);
  flags.argument("NEW_NAME", new_name, true);
  if (!flags.parse(args)) return 0;
  engine::rename_container(engine::ContainerStore(session.paths), name, new_name);
  return 0;
}

int rm(const Session& session, const Args& args) {
  Flags flags("rm [flags] CONTAINER...", "Removes containers.");
  engine::RemoveOptions options;
  std::vector<std::string> names;
  flags.flag("-f,--force", options.force, "kill running containers; ignore missing ones");
  flags.flag("-v,--volumes", options.volumes, "also remove its anonymous volumes");
  flags.only("-l,--link", "false", "containers of a network find each other by name", "omit it");
  flags.arguments("CONTAINER", names, true);
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore store(session.paths);
  return for_each_name(names, [&](const std::string& name) -> std::string {
    if (options.force && store.remove_unreadable(name)) return name;
    if (options.force && !store.find_if_exists(name)) {
      tell(cat("container ", quoted(name), ": not found"));
      return "";
    }
    engine::remove_container(store, name, options);
    return name;
  });
}

}  // namespace mini::cmd
