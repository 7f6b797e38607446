// oci: OCI bundles, with the command line that callers of runc know. Its own flags stand before
// its command; as `mini-runc` it is the whole program.
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
    flags.value("-b,--bundle", options.bundle, "directory with config.json (.)");
    flags.value("--pid-file", options.pid_file, "write the process's id to this file");
    flags.value("--console-socket", options.console_socket, "where to send the terminal");
    flags.value("--preserve-fds", preserve_fds, "pass on this many descriptors after 2");
    flags.flag("--no-pivot", no_pivot, "refused: the root is always changed by pivot_root");
    flags.argument("ID", options.id, true);
  }

  const OciCreate& checked() {
    if (no_pivot)
      throw Error("flag --no-pivot: not supported",
                  "without pivot_root the host's root stays within reach", ErrorKind::usage);
    if (preserve_fds < 0 || preserve_fds > 1024)
      throw Error(cat("flag --preserve-fds ", preserve_fds, ": not a number of descriptors"), "",
                  ErrorKind::usage);
    options.preserve_fds = static_cast<int>(preserve_fds);
    return options;
  }
};

int oci_create(OciRuntime& runtime, const Args& args) {
  Flags flags("oci create [flags] ID", "Makes a container from a bundle; start lets it go.");
  OciCreateFlags given(flags);
  if (!flags.parse(args)) return 0;
  runtime.create(given.checked());
  return 0;
}

int oci_run(OciRuntime& runtime, const Args& args) {
  Flags flags("oci run [flags] ID", "Makes a container from a bundle and starts it.");
  OciCreateFlags given(flags);
  flags.flag("-d,--detach", given.options.detach, "return when it runs");
  flags.flag("--keep", given.options.keep, "do not delete it when it ends");
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
  flags.flag("-a,--all", all, "to all of its processes");
  flags.argument("ID", id, true);
  flags.argument("SIGNAL", signal, false, "SIGTERM when it is left out");
  if (!flags.parse(args)) return 0;
  runtime.kill(id, signal, all);
  return 0;
}

int oci_delete(OciRuntime& runtime, const Args& args) {
  Flags flags("oci delete [flags] ID", "Removes what a stopped container left.");
  std::string id;
  bool force = false;
  flags.flag("-f,--force", force, "kill it when it runs; fine when it does not exist");
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
  flags.value("-p,--process", options.process_file, "file with the process as JSON");
  flags.value("--cwd", options.cwd, "working directory");
  flags.values("-e,--env", options.env, "NAME=VALUE");
  flags.value("-u,--user", options.user, "UID[:GID]");
  flags.values("-g,--additional-gids", gids, "additional group id");
  flags.values("-c,--cap", options.capabilities, "capability to add");
  flags.flag("-t,--tty", options.terminal, "give it a terminal");
  flags.flag("--no-new-privs", options.no_new_privileges, "set no_new_privs");
  flags.flag("-d,--detach", options.detach, "return when it runs");
  flags.value("--pid-file", options.pid_file, "write the process's id to this file");
  flags.value("--console-socket", options.console_socket, "where to send the terminal");
  flags.value("--preserve-fds", preserve_fds, "pass on this many descriptors after 2");
  flags.command(command, 1);
  if (!flags.parse(args)) return 0;
  if (command.size() < 2 && options.process_file.empty())
    throw Error("oci exec: COMMAND: missing", "or give the process with --process FILE",
                ErrorKind::usage);
  if (preserve_fds < 0 || preserve_fds > 1024)
    throw Error(cat("flag --preserve-fds ", preserve_fds, ": not a number of descriptors"), "",
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
  flags.value("-f,--format", format, "table or json");
  flags.flag("-q,--quiet", quiet, "only ids");
  if (!flags.parse(args)) return 0;
  if (format != "table" && format != "json")
    throw Error(cat("flag --format ", quoted(format), ": not known"), "table or json",
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
  Flags flags("oci spec [flags]", "Writes a config.json to start from.");
  std::string bundle = ".";
  flags.value("-b,--bundle", bundle, "directory to write it to (.)");
  if (!flags.parse(args)) return 0;
  const std::string path = bundle + "/config.json";
  Fd file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
  const std::string json = container::spec_to_json(container::default_spec());
  write_all(file.get(), nlohmann::ordered_json::parse(json).dump(2) + "\n", path);
  file.close(path);
  return 0;
}

int oci_features(OciRuntime&, const Args& args) {
  Flags flags("oci features", "Prints what this runtime can do, as JSON.");
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
              ErrorKind::usage);
}

struct OciFlags {
  std::string root, log, log_format = "text";
  bool debug = false, systemd_cgroup = false, version = false;

  void declare(Flags& flags) {
    flags.value("--root", root, "where the containers' states are");
    flags.value("--log", log, "also write errors to this file");
    flags.value("--log-format", log_format, "text or json");
    flags.flag("--systemd-cgroup", systemd_cgroup, "refused: cgroups are made directly");
    flags.flag("--debug", debug, "tell what is done");
    flags.flag("-v,--version", version, "print the version");
  }

  void check() const {
    if (systemd_cgroup)
      throw Error("flag --systemd-cgroup: not supported", "cgroupsPath is a path of cgroupfs",
                  ErrorKind::usage);
    if (log_format != "text" && log_format != "json")
      throw Error(cat("flag --log-format ", quoted(log_format), ": not known"), "text or json",
                  ErrorKind::usage);
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
              "features.\n`mini oci COMMAND --help` tells a command's flags.");
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
    throw Error("oci: COMMAND: missing", "see `mini oci --help`", ErrorKind::usage);
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
