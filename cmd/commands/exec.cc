// exec and attach: more processes, or more people, in a running container.
#include "runtime/engine/lifecycle/exec.h"

#include "cmd/commands/commands.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/attach.h"

namespace mini::cmd {
namespace {

constexpr const char* kDetachKeys = "ctrl-p,ctrl-q";
constexpr const char* kDetachKeysHelp = "key sequence that detaches (default ctrl-p,ctrl-q)";

}  // namespace

int exec(const Session& session, const Args& args) {
  Flags flags("exec [flags] CONTAINER COMMAND [ARG...]",
              "Runs another command in a running container.");
  engine::ExecRequest request;
  request.detach_keys = kDetachKeys;
  std::vector<std::string> env, env_files, command;
  flags.flag("-i,--interactive", request.interactive, "keep standard input open");
  flags.flag("-t,--tty", request.tty, "allocate a terminal");
  flags.flag("-d,--detach", request.detach, "run in the background");
  flags.values("-e,--env NAME[=VALUE]", env,
               "set a variable; without =VALUE taken from the environment");
  flags.values("--env-file FILE", env_files, "read NAME=VALUE lines from FILE");
  flags.value("-u,--user USER[:GROUP]", request.user, "user and group, by name or number");
  flags.value("-w,--workdir DIR", request.working_dir, "working directory");
  flags.flag("--privileged", request.privileged,
             "give it all capabilities and no system call filter");
  flags.value("--detach-keys KEYS", request.detach_keys, kDetachKeysHelp);
  flags.command(command, 2);
  if (!flags.parse(args)) return 0;
  for (const std::string& file : env_files)
    for (std::string& entry : read_env_file("--env-file", file, ErrorKind::usage))
      request.env.push_back(std::move(entry));
  for (const std::string& entry : env) request.env.push_back(env_entry(entry));
  engine::parse_detach_keys(request.detach_keys);
  request.container = command.front();
  request.args.assign(command.begin() + 1, command.end());
  return engine::exec_in_container(engine::ContainerStore(session.paths), request);
}

int attach(const Session& session, const Args& args) {
  Flags flags("attach [flags] CONTAINER", "Attaches to the main process of a running container.");
  engine::AttachOptions options;
  options.detach_keys = kDetachKeys;
  bool no_stdin = false;
  std::string name;
  flags.flag("--no-stdin", no_stdin, "do not forward standard input");
  flags.flag("--sig-proxy", options.sig_proxy, "forward signals to the process (default true)");
  flags.value("--detach-keys KEYS", options.detach_keys, kDetachKeysHelp);
  flags.argument("CONTAINER", name, true);
  if (!flags.parse(args)) return 0;
  engine::parse_detach_keys(options.detach_keys);
  const engine::ContainerStore store(session.paths);
  const engine::Record record = store.find(name);
  if (record.state.status != engine::Status::running) {
    const bool paused = record.state.status == engine::Status::paused;
    throw Error(cat("container ", quoted(record.name), ": is ", to_string(record.state.status)),
                cat("`mini ", paused ? "unpause " : "start ", record.name, "` first"),
                ErrorKind::conflict);
  }
  options.stdin_open = !no_stdin && record.config.open_stdin;
  const engine::AttachResult result = engine::attach(store, record, options);
  return result.detached ? 0 : result.exit_code;
}

}  // namespace mini::cmd
