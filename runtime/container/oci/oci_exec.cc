// exec of the OCI runtime: another process in a running container.
#include <fcntl.h>

#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/foreground.h"
#include "runtime/container/oci/oci_record.h"

namespace mini::container {
namespace {

void add_capabilities(Process& process, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  for (auto* set : {&process.capabilities->bounding, &process.capabilities->effective,
                    &process.capabilities->permitted}) {
    set->insert(set->end(), names.begin(), names.end());
  }
}

void set_user(Process& process, const std::string& text) {
  const auto parts = split(text, ':');
  const auto uid = parse_number(parts[0], 0xfffffffe);
  const auto gid = parts.size() == 2 ? parse_number(parts[1], 0xfffffffe)
                                     : std::optional<unsigned long long>(process.user.gid);
  if (!uid || !gid || parts.size() > 2)
    throw Error(cat("user ", quoted(text), ": not UID[:GID]"), "", ErrorKind::usage);
  process.user.uid = static_cast<uint32_t>(*uid);
  process.user.gid = static_cast<uint32_t>(*gid);
}

}  // namespace

Process OciRuntime::exec_process(const OciExec& options, const Record& record) const {
  if (!options.process_file.empty())
    return parse_process(read_file(options.process_file), options.process_file);
  Process process = *record.spec.process;
  process.init = false;
  process.terminal = options.terminal;
  if (!options.args.empty()) process.args = options.args;
  if (!options.cwd.empty()) process.cwd = options.cwd;
  process.env.insert(process.env.end(), options.env.begin(), options.env.end());
  if (!options.user.empty()) set_user(process, options.user);
  auto& groups = process.user.additional_gids;
  groups.insert(groups.end(), options.additional_gids.begin(), options.additional_gids.end());
  add_capabilities(process, options.capabilities);
  process.no_new_privileges = process.no_new_privileges || options.no_new_privileges;
  return process;
}

int OciRuntime::exec(const OciExec& options) {
  const Record record = load(options.id);
  const OciState now = state_of(record);
  if (now.status == "stopped") {
    throw Error(cat("cannot exec in a stopped container ", options.id), "", ErrorKind::conflict);
  }
  Spec spec;
  spec.process = exec_process(options, record);
  spec.linux_.seccomp = record.spec.linux_.seccomp;
  check_console(spec.process->terminal, options.detach, options.console_socket);
  const Fd console = connect_console(options.console_socket);
  LaunchOptions launch_options;
  launch_options.name = options.id;
  launch_options.stdio = {0, 1, 2};
  launch_options.console_socket = console.get();
  launch_options.preserve_fds = preserved_descriptors(options.preserve_fds);
  std::optional<Foreground> foreground;
  if (!options.detach) foreground.emplace();
  const Launched launched = launch_in(spec, record.process, record.cgroup, launch_options);
  Undo undo{&launched};
  write_pid_file(options.pid_file, launched.process.pid);
  undo.launched = nullptr;
  return options.detach ? 0 : foreground->wait(launched);
}

}  // namespace mini::container
