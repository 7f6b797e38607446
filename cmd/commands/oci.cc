// oci: OCI bundles, with the command line that callers of runc know. Its own flags stand before
// one command; as `mini-runc` it is the whole program.
#include <fcntl.h>

#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/output/listing.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/container/oci/oci_runtime.h"
#include "runtime/container/spec/spec.h"

namespace mini::cmd {
namespace {

using container::OciCreate;
using container::OciExec;
using container::OciRuntime;
using container::OciState;

constexpr int kExecFailed = 255;

// What `create` and `run` share.
struct OciCreateFlags {
  OciCreate options;
  int64_t preserve_fds = 0;
  bool no_pivot = false;

  explicit OciCreateFlags(Flags& flags) {
    flags.value("-b,--bundle DIR", options.bundle, "bundle directory with config.json (default .)");
    flags.value("--pid-file FILE", options.pid_file, "write the process ID to FILE");
    flags.value("--console-socket SOCKET", options.console_socket,
                "UNIX socket that receives the terminal");
    flags.value("--preserve-fds NUMBER", preserve_fds,
                "pass on this many file descriptors from 3 on");
    flags.flag("--no-pivot", no_pivot, "refused: the root is always changed by pivot_root");
    flags.argument("ID", options.id, true);
  }

  const OciCreate& checked() {
    if (no_pivot)
      throw Error("flag --no-pivot: not supported",
                  "without pivot_root the host's root file system stays reachable",
                  ErrorKind::usage);
    if (preserve_fds < 0 || preserve_fds > 1024)
      throw Error(cat("flag --preserve-fds ", preserve_fds, ": not a number of file descriptors"),
                  "", ErrorKind::usage);
    options.preserve_fds = static_cast<int>(preserve_fds);
    return options;
  }
};

int oci_create(OciRuntime& runtime, const Args& args) {
  Flags flags("oci create [flags] ID",
              "Creates a container from a bundle, to be started with `start`.");
  OciCreateFlags given(flags);
  if (!flags.parse(args)) return 0;
  runtime.create(given.checked());
  return 0;
}

int oci_run(OciRuntime& runtime, const Args& args) {
  Flags flags("oci run [flags] ID", "Creates a container from a bundle and starts it.");
  OciCreateFlags given(flags);
  flags.flag("-d,--detach", given.options.detach, "return when the process runs");
  flags.flag("--keep", given.options.keep, "do not delete the container when it exits");
  if (!flags.parse(args)) return 0;
  return runtime.run(given.checked());
}

int oci_start(OciRuntime& runtime, const Args& args) {
  Flags flags("oci start ID", "Runs the process of a created container.");
  std::string id;
  flags.argument("ID", id, true);
  if (!flags.parse(args)) return 0;
  runtime.start(id);
  return 0;
}

int oci_state(OciRuntime& runtime, const Args& args) {
  Flags flags("oci state ID", "Prints a container's state as JSON.");
  std::string id;
  flags.argument("ID", id, true);
  if (!flags.parse(args)) return 0;
  put(container::oci_state_json(runtime.state(id)) + "\n");
  return 0;
}

int oci_kill(OciRuntime& runtime, const Args& args) {
  Flags flags("oci kill [flags] ID [SIGNAL]", "Sends a signal to a container's process.");
  std::string id, signal = "SIGTERM";
  bool all = false;
  flags.flag("-a,--all", all, "signal all of its processes");
  flags.argument("ID", id, true);
  flags.argument("SIGNAL", signal, false, "signal name or number (default SIGTERM)");
  if (!flags.parse(args)) return 0;
  runtime.kill(id, signal, all);
  return 0;
}

int oci_delete(OciRuntime& runtime, const Args& args) {
  Flags flags("oci delete [flags] ID", "Deletes a stopped container.");
  std::string id;
  bool force = false;
  flags.flag("-f,--force", force, "kill it if it runs; ignore a missing container");
  flags.argument("ID", id, true);
  if (!flags.parse(args)) return 0;
  runtime.remove(id, force);
  return 0;
}

std::vector<uint32_t> group_ids(const std::vector<std::string>& texts) {
  std::vector<uint32_t> out;
  for (const std::string& text : texts) {
    const auto gid = parse_number(text, UINT32_MAX);
    if (!gid)
      throw Error(cat("flag --additional-gids ", quoted(text), ": not a number"), "",
                  ErrorKind::usage);
    out.push_back(static_cast<uint32_t>(*gid));
  }
  return out;
}

int oci_exec(OciRuntime& runtime, const Args& args) {
  Flags flags("oci exec [flags] ID COMMAND [ARG...]",
              "Runs another process in a running container.");
  OciExec options;
  int64_t preserve_fds = 0;
  std::vector<std::string> gids, command;
  flags.value("-p,--process FILE", options.process_file, "process description as JSON");
  flags.value("--cwd DIR", options.cwd, "working directory");
  flags.values("-e,--env NAME=VALUE", options.env, "NAME=VALUE");
  flags.value("-u,--user UID[:GID]", options.user, "UID[:GID]");
  flags.values("-g,--additional-gids GID", gids, "additional group ID");
  flags.values("-c,--cap CAPABILITY", options.capabilities, "capability to add");
  flags.flag("-t,--tty", options.terminal, "allocate a terminal");
  flags.flag("--no-new-privs", options.no_new_privileges, "set no_new_privs");
  flags.flag("-d,--detach", options.detach, "return when the process runs");
  flags.value("--pid-file FILE", options.pid_file, "write the process ID to FILE");
  flags.value("--console-socket SOCKET", options.console_socket,
              "UNIX socket that receives the terminal");
  flags.value("--preserve-fds NUMBER", preserve_fds,
              "pass on this many file descriptors from 3 on");
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;
  if (command.size() < 2 && options.process_file.empty())
    throw Error("oci exec: argument COMMAND is missing",
                "or pass a process description with --process FILE", ErrorKind::usage);
  if (preserve_fds < 0 || preserve_fds > 1024)
    throw Error(cat("flag --preserve-fds ", preserve_fds, ": not a number of file descriptors"), "",
                ErrorKind::usage);
  options.preserve_fds = static_cast<int>(preserve_fds);
  options.additional_gids = group_ids(gids);
  options.id = command.front();
  options.args.assign(command.begin() + 1, command.end());
  return runtime.exec(options);
}

int oci_list(OciRuntime& runtime, const Args& args) {
  Flags flags("oci list [flags]", "Lists containers.");
  std::string format = "table";
  bool quiet = false;
  flags.value("-f,--format FORMAT", format, "table or json");
  flags.flag("-q,--quiet", quiet, "print only IDs");
  if (!flags.parse(args)) return 0;
  if (format != "table" && format != "json")
    throw Error(cat("flag --format ", quoted(format), ": unknown format"), "table or json",
                ErrorKind::usage);
  const std::vector<OciState> states = runtime.list();
  std::string out;
  if (quiet)
    for (const OciState& state : states) out += state.id + "\n";
  else
    out = format == "json" ? container::oci_list_json(states) + "\n"
                           : container::oci_list_table(states);
  put(out);
  return 0;
}

int oci_spec(OciRuntime&, const Args& args) {
  Flags flags("oci spec [flags]", "Writes a template config.json.");
  std::string bundle = ".";
  flags.value("-b,--bundle DIR", bundle, "directory to write it to (default .)");
  if (!flags.parse(args)) return 0;
  const std::string path = bundle + "/config.json";
  Fd file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
  const std::string json = container::spec_to_json(container::default_spec());
  write_all(file.get(), nlohmann::ordered_json::parse(json).dump(2) + "\n", path);
  file.close(path);
  return 0;
}

int oci_features(OciRuntime&, const Args& args) {
  Flags flags("oci features", "Prints the features of this runtime as JSON.");
  if (!flags.parse(args)) return 0;
  put(container::oci_features_json() + "\n");
  return 0;
}

struct OciCommand {
  std::string_view name;
  int (*run)(OciRuntime& runtime, const Args& args);
};
constexpr OciCommand kCommands[] = {
    {"create", oci_create}, {"start", oci_start},      {"state", oci_state}, {"kill", oci_kill},
    {"delete", oci_delete}, {"run", oci_run},          {"exec", oci_exec},   {"list", oci_list},
    {"spec", oci_spec},     {"features", oci_features}};

const OciCommand& find_oci_command(const std::string& name) {
  std::vector<std::string_view> names;
  for (const OciCommand& command : kCommands) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  const auto near = did_you_mean(name, names);
  throw Error(cat("unknown command: oci ", printable(name)),
              near ? cat("did you mean `mini oci ", *near, "`?")
                   : "create, start, state, kill, delete, run, exec, list, spec or features",
              ErrorKind::arguments);
}

struct OciFlags {
  std::string root, log, log_format = "text";
  bool debug = false, systemd_cgroup = false, version = false;

  void declare(Flags& flags) {
    flags.value("--root DIR", root, "directory of the containers' state");
    flags.value("--log FILE", log, "also write errors to FILE");
    flags.value("--log-format FORMAT", log_format, "text or json");
    flags.flag("--systemd-cgroup", systemd_cgroup, "refused: mini manages cgroups directly");
    flags.flag("--debug", debug, "print debug messages");
    flags.flag("-v,--version", version, "print the version");
  }

  void check() const {
    if (systemd_cgroup)
      throw Error("flag --systemd-cgroup: not supported", "cgroupsPath is a cgroupfs path",
                  ErrorKind::bad_flag);
    if (log_format != "text" && log_format != "json")
      throw Error(cat("flag --log-format ", quoted(log_format), ": unknown format"), "text or json",
                  ErrorKind::bad_flag);
  }

  // Callers read the reason of a failure from here, not from standard error.
  void write_log(const std::exception& error) const {
    if (log.empty()) return;
    const std::string time = rfc3339_nano(now_ns());
    std::string line;
    if (log_format == "json")
      line = nlohmann::ordered_json({{"level", "error"}, {"msg", error.what()}, {"time", time}})
                 .dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
    else
      line = cat("time=\"", time, "\" level=error msg=", quoted(error.what()));
    const Fd file = open_file(log, O_WRONLY | O_APPEND | O_CREAT, 0644);
    write_all(file.get(), line + "\n", log);
  }
};

}  // namespace

int oci(const Session& session, const Args& args) {
  Flags flags("oci [flags] COMMAND [ARG...]",
              "Runs OCI bundles: create, start, state, kill, delete, run, exec, list, spec, "
              "features.\n`mini oci COMMAND --help` shows the flags of a command.");
  OciFlags given;
  given.declare(flags);
  std::vector<std::string> words;
  flags.command(words, 0);
  if (!flags.parse(args)) return 0;
  if (given.version) {
    put(cat("mini-runc version ", MINI_VERSION, "\nspec: ", container::Spec{}.oci_version, "\n"));
    return 0;
  }
  given.check();
  if (given.debug) set_debug(true);
  if (words.empty())
    throw Error("oci: argument COMMAND is missing", "see `mini oci --help`", ErrorKind::arguments);
  const OciCommand& command = find_oci_command(words.front());
  OciRuntime runtime(given.root.empty() ? session.paths.run + "/oci" : given.root);
  try {
    return command.run(runtime, Args(words.begin() + 1, words.end()));
  } catch (const std::exception& error) {
    given.write_log(error);
    if (command.name != "exec") throw;
    print_error(error);  // as runc: 1 would be taken for the process's own code
    return kExecFailed;
  }
}

}  // namespace mini::cmd
