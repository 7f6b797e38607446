// The second half of a plan: streams, settings, limits, identity, and the command.
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/plan.h"
#include "runtime/container/seccomp/capability.h"

namespace mini::container {
namespace {

constexpr uint64_t kSysAdmin = uint64_t{1} << CAP_SYS_ADMIN;
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct SchedAttr {  // sched_setattr(2); the C library's and the kernel's headers cannot both be
                    // included
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

template <class Value, size_t N>
Value lookup(const std::pair<std::string_view, Value> (&table)[N], const std::string& name,
             const char* what) {
  std::vector<std::string_view> names;
  for (const auto& [key, value] : table) {
    if (key == name) return value;
    names.push_back(key);
  }
  const auto near = did_you_mean(name, names);
  throw Error(cat(what, ": ", quoted(name), " is not known"),
              near ? cat("did you mean ", *near, "?") : "");
}

uint64_t rlimit_number(const std::string& type) {
  static constexpr std::pair<std::string_view, uint64_t> kTypes[] = {
      {"RLIMIT_CPU", RLIMIT_CPU},           {"RLIMIT_FSIZE", RLIMIT_FSIZE},
      {"RLIMIT_DATA", RLIMIT_DATA},         {"RLIMIT_STACK", RLIMIT_STACK},
      {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
      {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
      {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},   {"RLIMIT_AS", RLIMIT_AS},
      {"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
      {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
      {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},     {"RLIMIT_RTTIME", RLIMIT_RTTIME}};
  return lookup(kTypes, type, "process.rlimits");
}

void add_scheduler(Plan& plan, const Process::Scheduler& scheduler) {
  static constexpr std::pair<std::string_view, uint32_t> kPolicies[] = {
      {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},      {"SCHED_BATCH", 3},
      {"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6}};
  static constexpr std::pair<std::string_view, uint64_t> kFlags[] = {
      {"SCHED_FLAG_RESET_ON_FORK", 1},    {"SCHED_FLAG_RECLAIM", 2},
      {"SCHED_FLAG_DL_OVERRUN", 4},       {"SCHED_FLAG_KEEP_POLICY", 8},
      {"SCHED_FLAG_KEEP_PARAMS", 0x10},   {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
      {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}};
  SchedAttr attr = {};
  attr.size = sizeof attr;
  attr.policy = lookup(kPolicies, scheduler.policy, "process.scheduler.policy");
  for (const auto& flag : scheduler.flags)
    attr.flags |= lookup(kFlags, flag, "process.scheduler.flags");
  attr.nice = scheduler.nice;
  attr.priority = static_cast<uint32_t>(scheduler.priority);
  attr.runtime = scheduler.runtime;
  attr.deadline = scheduler.deadline;
  attr.period = scheduler.period;
  const uint32_t offset = plan.bytes(&attr, sizeof attr);
  plan.add(OpCode::scheduler).text = offset;
}

void add_personality(Plan& plan, const Linux::Personality& personality) {
  static constexpr std::pair<std::string_view, uint64_t> kDomains[] = {{"LINUX", 0},
                                                                       {"LINUX32", 8}};
  if (!personality.flags.empty()) throw Error("linux.personality.flags: none is supported");
  plan.add(OpCode::personality).a =
      lookup(kDomains, personality.domain, "linux.personality.domain");
}

void add_limits(Plan& plan, const Spec& spec) {
  const Process& process = *spec.process;
  for (const auto& limit : process.rlimits) {
    if (limit.soft > limit.hard)
      throw Error(cat("process.rlimits: ", limit.type, ": soft limit above the hard limit"));
    const uint64_t number = rlimit_number(limit.type);
    Op& op = plan.add(OpCode::rlimit);
    op.a = number;
    op.b = limit.soft;
    op.c = limit.hard;
  }
  if (process.scheduler) add_scheduler(plan, *process.scheduler);
  if (process.io_priority) {
    static constexpr std::pair<std::string_view, uint64_t> kClasses[] = {
        {"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};
    const uint64_t cls = lookup(kClasses, process.io_priority->cls, "process.ioPriority.class");
    plan.add(OpCode::io_priority).a =
        cls << 13 | static_cast<uint64_t>(process.io_priority->priority);
  }
  if (spec.linux_.personality) add_personality(plan, *spec.linux_.personality);
}

void add_kept_descriptors(Plan& plan, const PlanInputs& inputs) {
  std::vector<uint32_t> kept;
  for (size_t i = 0; i < inputs.preserve.size(); ++i) {
    const int fd = plan.pass(inputs.preserve[i]);
    Op& op = plan.add(OpCode::preserve);
    op.fd = fd;
    op.a = 3 + i;
    kept.push_back(static_cast<uint32_t>(3 + i));
  }
  if (kept.size() > kFirstFd - 3) throw Error(cat("preserved descriptors: at most ", kFirstFd - 3));
  kept.push_back(kChannelFd);
  if (inputs.gate >= 0) kept.push_back(static_cast<uint32_t>(plan.pass(inputs.gate)));
  const uint32_t offset = plan.bytes(kept.data(), kept.size() * sizeof kept[0]);
  Op& op = plan.add(OpCode::close_others);
  op.text = offset;
  op.a = kept.size();
}

struct CapabilitySets {
  uint64_t bounding = 0, effective = 0, permitted = 0, inheritable = 0, ambient = 0;
};

CapabilitySets sets_of(const std::optional<Capabilities>& capabilities) {
  if (!capabilities) return {};
  return {capability_mask(capabilities->bounding), capability_mask(capabilities->effective),
          capability_mask(capabilities->permitted), capability_mask(capabilities->inheritable),
          capability_mask(capabilities->ambient)};
}

void add_capabilities(Plan& plan, const CapabilitySets& sets, uint64_t extra) {
  Op& op = plan.add(OpCode::capabilities);
  op.a = sets.effective | extra;
  op.b = sets.permitted | extra;
  op.c = sets.inheritable;
}

void add_user(Plan& plan, const Process& process, const CapabilitySets& sets) {
  if (process.user.uid != 0) plan.add(OpCode::give_stdio).a = process.user.uid;
  const auto& groups = process.user.additional_gids;
  const uint32_t offset = plan.bytes(groups.data(), groups.size() * sizeof(uint32_t));
  Op& set = plan.add(OpCode::groups);
  set.text = offset;
  set.a = groups.size();
  // While we may still: dropping from the bounding set needs CAP_SETPCAP.
  plan.add(OpCode::drop_bounding).a = sets.bounding;
  Op& ids = plan.add(OpCode::ids);
  ids.a = process.user.uid;
  ids.b = process.user.gid;
}

void add_hooks(Plan& plan, const std::vector<Hook>& hooks, const PlanInputs& inputs) {
  for (const auto& hook : hooks) {
    HookArgs args = {};
    args.argv = plan.vector(hook.args.empty() ? std::vector{hook.path} : hook.args);
    args.envp = plan.vector(hook.env);
    args.state_before_pid = plan.text(inputs.hook_state_before);
    args.state_after_pid = plan.text(inputs.hook_state_after);
    const uint32_t path = plan.text(hook.path), offset = plan.bytes(&args, sizeof args);
    Op& op = plan.add(OpCode::run_hook);
    op.text = path;
    op.text2 = offset;
    op.a = static_cast<uint64_t>(std::max(0, hook.timeout.value_or(0)));
  }
}

std::string path_of(const Process& process) {
  std::string path = kDefaultPath;
  for (const auto& entry : process.env) {
    if (entry.starts_with("PATH=")) path = entry.substr(5);
  }
  return path;
}

void add_filter(Plan& plan, const PlanInputs& inputs) {
  if (inputs.seccomp.empty()) return;
  const uint32_t offset = plan.bytes(inputs.seccomp.data(), inputs.seccomp.size_bytes());
  Op& op = plan.add(OpCode::seccomp);
  op.text = offset;
  op.a = inputs.seccomp.size();
  op.b = inputs.seccomp_flags;
}

void add_command(Plan& plan, const Process& process, const PlanInputs& inputs,
                 const CapabilitySets& sets, bool raised) {
  const uint32_t argv = plan.vector(process.args), envp = plan.vector(process.env),
                 path = plan.text(path_of(process));
  if (inputs.gate >= 0) {
    // Whoever starts the container cannot be told any more that there is no such command: so look
    // now.
    Op& find = plan.add(OpCode::find_command);
    find.text = argv;
    find.text2 = path;
    const auto gate = std::ranges::find(plan.fds, inputs.gate) - plan.fds.begin();
    plan.add(OpCode::gate).fd = kFirstFd + static_cast<int>(gate);
  }
  plan.add(OpCode::umask).a = process.user.umask.value_or(0022);
  // Last of all, so that the filter needs to allow nothing for our sake but capset and execve.
  add_filter(plan, inputs);
  if (raised) add_capabilities(plan, sets, 0);
  if (process.init) plan.add(OpCode::init);
  Op& op = plan.add(OpCode::execute);
  op.text = argv;
  op.text2 = envp;
  op.a = path;
}

bool own_sysctl(const std::string& name, bool network, bool ipc, bool uts) {
  if (name.starts_with("net.")) return network;
  if (name.starts_with("fs.mqueue.")) return ipc;
  static constexpr std::string_view kIpc[] = {
      "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni",          "kernel.sem",
      "kernel.shmall", "kernel.shmmax", "kernel.shm_rmid_forced", "kernel.shmmni"};
  if (std::ranges::find(kIpc, name) != std::end(kIpc)) return ipc;
  return uts && (name == "kernel.domainname" || name == "kernel.hostname");
}

void add_sysctl(Plan& plan, const Spec& spec, const std::string& key, const std::string& value) {
  const auto has = [&](std::string_view type) {
    return std::ranges::any_of(spec.linux_.namespaces,
                               [&](const Namespace& ns) { return ns.type == type; });
  };
  std::string name = key;
  std::ranges::replace(name, '/', '.');
  if (!own_sysctl(name, has("network"), has("ipc"), has("uts"))) {
    throw Error(
        cat("sysctl ", quoted(key), ": belongs to the host, not to a namespace of the container"),
        "a container may set net.*, kernel.shm*, kernel.msg*, kernel.sem and fs.mqueue.* where it "
        "has the namespace");
  }
  // With slashes, dots are part of a name (net/ipv4/conf/eth0.1/…).
  std::string path = key;
  if (key.find('/') == std::string::npos) std::ranges::replace(path, '.', '/');
  if (clean_path(path) != path) throw Error(cat("sysctl ", quoted(key), ": not a name"));
  plan.add(OpCode::sysctl, cat("sys/", path), value);
}

}  // namespace

void plan_streams(Plan& plan, const Spec& spec, const PlanInputs& inputs, bool own_root) {
  const Process& process = *spec.process;
  if (process.terminal) {
    Op& op = plan.add(OpCode::open_console);
    op.a = static_cast<uint64_t>(process.console_size.height) << 16 | process.console_size.width;
    op.b = process.user.uid;
    if (own_root) plan.add(OpCode::bind_console);
    plan.add(OpCode::terminal_stdio);
    return;
  }
  int fds[3];
  for (int i = 0; i < 3; ++i) fds[i] = inputs.stdio[i] < 0 ? -1 : plan.pass(inputs.stdio[i]);
  Op& op = plan.add(OpCode::stdio);
  op.a = static_cast<uint64_t>(fds[0]);
  op.b = static_cast<uint64_t>(fds[1]);
  op.c = static_cast<uint64_t>(fds[2]);
}

void plan_settings(Plan& plan, const Spec& spec) {
  const Process& process = *spec.process;
  if (spec.linux_.sysctl.empty() && process.apparmor_profile.empty() &&
      process.selinux_label.empty())
    return;
  plan.add(OpCode::need_proc);
  for (const auto& [key, value] : spec.linux_.sysctl) add_sysctl(plan, spec, key, value);
  if (!process.apparmor_profile.empty()) {
    plan.add(OpCode::write_proc_self, "attr/apparmor/exec", cat("exec ", process.apparmor_profile));
  }
  if (!process.selinux_label.empty())
    plan.add(OpCode::write_proc_self, "attr/exec", process.selinux_label);
}

void plan_identity(Plan& plan, const Spec& spec, const PlanInputs& inputs, bool own_root) {
  const Process& process = *spec.process;
  if (process.cwd.empty() || process.cwd[0] != '/')
    throw Error(cat("process.cwd: ", quoted(process.cwd), " is not absolute"));
  if (own_root) {
    if (process.cwd != "/") plan.add(OpCode::make_directory, process.cwd);
    plan_root_attributes(plan, spec);
  }
  add_limits(plan, spec);
  add_kept_descriptors(plan, inputs);
  plan.add(OpCode::change_directory, process.cwd);
  const CapabilitySets sets = sets_of(process.capabilities);
  add_user(plan, process, sets);
  // Loading a filter takes CAP_SYS_ADMIN or no_new_privs: without the latter we keep the former,
  // alone, until the filter is in.
  const bool raised = !inputs.seccomp.empty() && !process.no_new_privileges;
  add_capabilities(plan, sets, raised ? kSysAdmin : 0);
  plan.add(OpCode::ambient).a = sets.ambient;
  // With the container's identity and all foreign descriptors closed: now "inside" is true for good
  // (CVE-2024-21626).
  plan.add(OpCode::verify_directory, process.cwd);
  if (process.no_new_privileges) plan.add(OpCode::no_new_privileges);
  if (own_root) add_hooks(plan, spec.hooks.start_container, inputs);
  add_command(plan, process, inputs, sets, raised);
}

}  // namespace mini::container
