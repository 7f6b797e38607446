#include "runtime/engine/sandbox/exec_spec.h"

#include <fcntl.h>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/sandbox.h"
#include "runtime/engine/sandbox/sandbox_facts.h"
#include "runtime/engine/sandbox/security_options.h"

namespace mini::engine {

container::Spec make_exec_spec(const Record& record, const ExecSettings& settings,
                               const container::ResolvedUser& user) {
  Record changed = record;  // the container's environment with the settings' variables over it
  changed.config.tty = settings.tty;
  changed.config.env.insert(changed.config.env.end(), settings.env.begin(), settings.env.end());
  changed.host.privileged = record.host.privileged || settings.privileged;

  container::Spec spec;
  container::Process& process = spec.process.emplace();
  process.terminal = settings.tty;
  process.user = user.user;
  process.args = settings.args;
  process.env = make_environment(changed, user.home);
  process.cwd = !settings.working_dir.empty()        ? settings.working_dir
                : !record.config.working_dir.empty() ? record.config.working_dir
                                                     : "/";
  const std::vector<std::string> granted = granted_capabilities(changed.host);
  process.capabilities = capability_sets(granted, user.user.uid);
  const SecurityOptions security = parse_security_options(record.host.security_opt);
  process.no_new_privileges = security.no_new_privileges;
  process.oom_score_adj = record.host.oom_score_adj;
  for (const auto& [name, limits] : record.host.ulimits) {
    process.rlimits.push_back({rlimit_type(name), static_cast<uint64_t>(limits.first),
                               static_cast<uint64_t>(limits.second)});
  }
  if (changed.host.privileged || security.seccomp_unconfined) return spec;
  if (security.seccomp_profile.empty()) {
    spec.linux_.seccomp.emplace().builtin_default = true;
  } else {
    spec.linux_.seccomp = load_seccomp_profile(security.seccomp_profile, granted);
  }
  return spec;
}

container::ResolvedUser find_running_user(const Record& record, const std::string& user) {
  const Fd root = open_file(cat("/proc/", record.state.process.pid, "/root"), O_PATH | O_DIRECTORY);
  // Checked after the open: the pid could have come to mean another process before it.
  if (!record.state.process.alive()) {
    throw Error(cat("container ", record.name, ": is not running"),
                cat("start it: `mini start ", record.name, "`"), ErrorKind::conflict);
  }
  return container::resolve_user(root.get(), user, record.host.group_add);
}

}  // namespace mini::engine
