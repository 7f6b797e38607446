#include "runtime/container/launch/launch.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/clone.h"
#include "runtime/container/launch/conversation.h"
#include "runtime/container/launch/hooks.h"
#include "runtime/container/launch/id_maps.h"
#include "runtime/container/launch/plan.h"
#include "runtime/container/launch/sources.h"
#include "runtime/container/seccomp/seccomp.h"

namespace mini::container {
namespace {

// The kernel's overlay takes layers one by one since 6.8.
bool overlay_appends() {
  static const bool answer = [] {
    utsname name;
    unsigned major = 0, minor = 0;
    uname(&name);
    sscanf(name.release, "%u.%u", &major, &minor);
    return major > 6 || (major == 6 && minor >= 8);
  }();
  return answer;
}

void make_absolute(std::string& path, const std::string& bundle) {
  if (!path.empty() && path[0] != '/') path = cat(bundle, "/", path);
}

Spec with_absolute_paths(Spec spec, const std::string& bundle) {
  make_absolute(spec.root.path, bundle);
  for (auto& mount : spec.mounts) {
    const bool bind =
        mount.type == "bind" || std::ranges::any_of(mount.options, [](const std::string& option) {
          return option == "bind" || option == "rbind";
        });
    if (bind) make_absolute(mount.source, bundle);
  }
  return spec;
}

// Removes the group again unless the launch succeeds.
class NewCgroup {
 public:
  explicit NewCgroup(Cgroup group) : group_(std::move(group)) {}
  NewCgroup(const NewCgroup&) = delete;
  NewCgroup& operator=(const NewCgroup&) = delete;
  ~NewCgroup() {
    try {
      if (group_) group_.remove();
    } catch (const Error& error) {
      debug("cgroup left behind: ", error.what());
    }
  }
  const Cgroup& get() const { return group_; }
  Cgroup release() { return std::exchange(group_, {}); }

 private:
  Cgroup group_;
};

struct Sandbox {
  const Spec& spec;
  const LaunchOptions& options;
  const Cgroup& cgroup;
  bool new_container;
};

SeccompFilter compile_filter(const Spec& spec) {
  if (!spec.linux_.seccomp) return {};
  static const std::vector<std::string> kNone;
  const auto& capabilities = spec.process->capabilities;
  return compile_seccomp(*spec.linux_.seccomp, capabilities ? capabilities->bounding : kNone);
}

void fill_common(PlanInputs& inputs, const LaunchOptions& options, const SeccompFilter& filter,
                 const Fd& gate) {
  inputs.name = options.name;
  inputs.seccomp = filter.program;
  inputs.seccomp_flags = filter.flags;
  inputs.stdio[0] = options.stdio.in;
  inputs.stdio[1] = options.stdio.out;
  inputs.stdio[2] = options.stdio.err;
  inputs.preserve = options.preserve_fds;
  inputs.gate = gate.get();
  inputs.die_with_parent = options.die_with_parent;
  inputs.waits_for_beside = static_cast<bool>(options.beside);
  inputs.overlay_appends = overlay_appends();
}

// Both ends, so that the launcher's read waits for a writer instead of finding none.
Fd open_gate(const LaunchOptions& options) {
  return options.start_fifo.empty() ? Fd() : open_file(options.start_fifo, O_RDWR);
}

void write_oom_score(pid_t pid, int score) {
  const std::string path = cat("/proc/", pid, "/oom_score_adj");
  try {
    write_existing(path, std::to_string(score));
  } catch (const SysError& error) {
    if (error.code() != EACCES) throw;
    if (parse_number(trim(read_file(path)), 1000) == static_cast<unsigned long long>(score)) return;
    throw Error(cat("process.oomScoreAdj ", score, ": may not be lowered"),
                "it takes CAP_SYS_RESOURCE; leave it at the value of mini's own process");
  }
}

bool born_in_place(const Sandbox& box, bool entered_unified) {
  if (box.options.on_created || box.spec.process->oom_score_adj) return false;
  if (!box.cgroup) return true;
  const auto& v1 = CgroupHost::get().v1;
  return entered_unified && std::none_of(v1.begin(), v1.end(), [&](const auto& controller) {
           return box.cgroup.directory(controller.first).has_value();
         });
}

Birth bear(const Sandbox& box, const Plan& plan, const std::optional<Fd>& group) {
  BirthOptions options;
  options.namespaces = plan.clone_flags;
  if (group) options.cgroup = group->get();
  options.fds = &plan.fds;
  if (plan.user_namespace) {
    options.write_maps = [&](pid_t pid) {
      write_id_maps(pid, box.spec.linux_.uid_mappings, box.spec.linux_.gid_mappings);
    };
  }
  return with_context("container", [&] { return give_birth(options); });
}

void place(const Sandbox& box, const Plan& plan, const Conversation& talk, bool entered_unified) {
  if (box.cgroup) box.cgroup.add(talk.pid(), entered_unified);
  if (box.spec.process->oom_score_adj)
    write_oom_score(talk.pid(), *box.spec.process->oom_score_adj);
  if (!plan.forks && box.options.on_created) box.options.on_created(talk.pid());
  say_go(talk.channel());
}

// What the caller does in the new namespaces while the launcher mounts.
void work_beside(const Sandbox& box, Conversation& talk, pid_t pid) {
  if (!box.options.beside) return;
  try {
    box.options.beside(pid);
  } catch (const Error&) {
    // With the launcher gone, nothing can be done in its namespaces: its own reason counts.
    talk.throw_reported(*box.spec.process);
    throw;
  }
  say_go(talk.channel());
}

void run_early_hooks(const Sandbox& box, const Conversation& talk,
                     const std::string& pid_hook_status) {
  const Hooks& hooks = box.spec.hooks;
  const std::string state =
      hook_state(box.spec, box.options.name, pid_hook_status, box.options.bundle).with(talk.pid());
  run_hooks(hooks.prestart, "prestart", state);
  run_hooks(hooks.create_runtime, "createRuntime", state);
  if (!hooks.create_container.empty()) {
    const Fd root = open_file(cat("/proc/", talk.pid(), "/root"), O_PATH | O_DIRECTORY);
    run_hooks(hooks.create_container, "createContainer", state, {talk.pidfd(), root.get()});
  }
  say_go(talk.channel());
}

// Everything after the plan: birth, placement, and the talk with the launcher until the command
// runs.
Launched start(const Sandbox& box, Plan plan, const std::string& pid_hook_status) {
  auto [ours, theirs] = make_socketpair();
  const Fd bytes = sealed_memfd("mini-plan", plan.serialize(), false);
  plan.fds[0] = bytes.get();
  plan.fds[1] = theirs.get();
  const std::optional<Fd> group = box.cgroup ? box.cgroup.clone_fd() : std::nullopt;
  // With nothing left to do between birth and GO, the GO waits for the launcher, not the launcher
  // for the GO.
  const bool at_once = born_in_place(box, group.has_value());
  if (at_once) say_go(ours.get());
  Birth birth = bear(box, plan, group);
  theirs.reset();
  Conversation talk(plan, std::move(ours), std::move(birth), box.options.name);
  if (!at_once) place(box, plan, talk, group.has_value());
  talk.on_forked = [&](pid_t pid) {
    if (!plan.second_go) return;
    if (box.options.on_created) box.options.on_created(pid);
    say_go(talk.channel());
    work_beside(box, talk, pid);
  };
  talk.on_hooks = [&] { run_early_hooks(box, talk, pid_hook_status); };
  talk.on_console = [&](const Fd& master) {
    if (box.options.console_socket >= 0)
      send_descriptor(box.options.console_socket, master.get(), "/dev/ptmx");
  };
  if (!plan.forks) work_beside(box, talk, talk.pid());
  return talk.until_running(*box.spec.process);
}

uint64_t namespaces_that_differ(pid_t pid) {
  static constexpr std::pair<const char*, uint64_t> kKinds[] = {
      {"user", CLONE_NEWUSER},     {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
      {"net", CLONE_NEWNET},       {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
      {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80}};
  uint64_t flags = 0;
  for (const auto& [name, flag] : kKinds) {
    struct stat mine, its;
    if (stat(cat("/proc/self/ns/", name).c_str(), &mine) < 0) continue;  // unknown to this kernel
    if (stat(cat("/proc/", pid, "/ns/", name).c_str(), &its) < 0)
      throw SysError(cat("/proc/", pid, "/ns/", name));
    if (mine.st_ino != its.st_ino) flags |= flag;
  }
  return flags;
}

}  // namespace

Launched launch(const Spec& given, const LaunchOptions& options) {
  const Spec spec = with_absolute_paths(given, options.bundle);
  if (!spec.process) throw Error("process: missing");
  const SeccompFilter filter = compile_filter(spec);
  const Fd gate = open_gate(options);
  NewCgroup cgroup(
      Cgroup::create(spec.linux_.cgroups_path.empty() ? options.name : spec.linux_.cgroups_path,
                     spec.linux_.resources));
  Launched launched = [&] {
    PlanInputs inputs;
    fill_common(inputs, options, filter, gate);
    Sources sources;
    sources.open(spec, cgroup.get(), inputs);
    const HookState state = hook_state(spec, options.name, "created", options.bundle);
    inputs.hook_state_before = state.before_pid;
    inputs.hook_state_after = state.after_pid;
    const Sandbox box{spec, options, cgroup.get(), true};
    return start(box, plan_container(spec, inputs), "creating");
  }();
  launched.cgroup = cgroup.release();
  return launched;
}

Launched launch_in(const Spec& spec, const ProcessId& init, const Cgroup& cgroup,
                   const LaunchOptions& options) {
  if (!spec.process) throw Error("process: missing");
  const std::optional<Fd> pidfd = open_pidfd(init);
  if (!pidfd)
    throw Error(cat("container ", options.name, ": is not running"), "", ErrorKind::conflict);
  // A launcher born into a frozen group would never start, and we would wait for it.
  if (cgroup && cgroup.frozen())
    throw Error(cat("container ", options.name, ": is paused"), "unpause it first",
                ErrorKind::conflict);
  const SeccompFilter filter = compile_filter(spec);
  const Fd gate = open_gate(options);
  PlanInputs inputs;
  fill_common(inputs, options, filter, gate);
  if (const uint64_t flags = namespaces_that_differ(init.pid))
    inputs.joins.emplace_back(pidfd->get(), flags);
  const Sandbox box{spec, options, cgroup, false};
  Launched launched = start(box, plan_process(spec, inputs), "running");
  launched.cgroup = cgroup;
  return launched;
}

}  // namespace mini::container
