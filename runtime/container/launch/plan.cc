#include "runtime/container/launch/plan.h"

#include <sched.h>

#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

#ifndef CLONE_NEWTIME
constexpr uint64_t CLONE_NEWTIME = 0x80;
#endif

// cgroup: its root is the group we are in when it is made, and clone3 takes the parent's. time: is
// entered by the next execve.
constexpr uint64_t kMadeByLauncher = CLONE_NEWCGROUP | CLONE_NEWTIME;

struct Namespaces {
  uint64_t fresh = 0, joined = 0;
};

Namespaces sort_namespaces(const Spec& spec) {
  Namespaces out;
  for (const auto& ns : spec.linux_.namespaces) {
    const uint64_t flag = namespace_flag(ns.type);
    if ((out.fresh | out.joined) & flag)
      throw Error(cat("linux.namespaces: ", ns.type, " is given twice"));
    (ns.path.empty() ? out.fresh : out.joined) |= flag;
  }
  return out;
}

void add_joins(Plan& plan, const PlanInputs& inputs) {
  for (const auto& [fd, flags] : inputs.joins) {
    Op& join = plan.add(OpCode::join);
    join.fd = plan.pass(fd);
    join.a = flags;
  }
}

void add_flags(Plan& plan, OpCode code, uint64_t flags) {
  if (flags || code == OpCode::fork_sibling) plan.add(code).a = flags;
}

// How the process gets into its namespaces. Usually clone3 makes them all. A user namespace that is
// joined must be entered before the others are made, so that it owns them; and a pid namespace that
// is joined holds children only.
void plan_entry(Plan& plan, const Namespaces& spaces, const PlanInputs& inputs) {
  // First of all: while we are between host and container, nobody in there may look into us
  // (ptrace, /proc/PID).
  plan.add(OpCode::hide);
  if (inputs.die_with_parent) plan.add(OpCode::die_with_parent);
  plan.add(OpCode::wait_go);
  add_joins(plan, inputs);
  uint64_t late = spaces.fresh & kMadeByLauncher;
  if (spaces.joined & CLONE_NEWUSER) {
    plan.add(OpCode::become_root);
    add_flags(plan, OpCode::unshare,
              spaces.fresh & ~kMadeByLauncher & ~static_cast<uint64_t>(CLONE_NEWPID));
  } else {
    plan.clone_flags = spaces.fresh & ~kMadeByLauncher;
  }
  plan.user_namespace = plan.clone_flags & CLONE_NEWUSER;
  if (spaces.joined & (CLONE_NEWUSER | CLONE_NEWPID)) {
    plan.forks = true;
    add_flags(plan, OpCode::fork_sibling, spaces.fresh & CLONE_NEWPID & ~plan.clone_flags);
    if (inputs.die_with_parent) plan.add(OpCode::die_with_parent);
    plan.second_go = true;
    plan.add(OpCode::wait_go);
  }
  add_flags(plan, OpCode::unshare, late);
}

void require(bool condition, const char* what) {
  if (!condition) throw Error(what);
}

}  // namespace

Op& Plan::add(OpCode code, std::string_view first, std::string_view second) {
  const uint32_t one = text(first), two = text(second);
  Op& op = add(code);
  op.text = one;
  op.text2 = two;
  return op;
}

uint32_t Plan::text(std::string_view value) {
  if (value.empty()) return 0;
  if (value.find('\0') != std::string_view::npos)
    throw Error(cat(quoted(value), ": contains a NUL byte"));
  const auto offset = static_cast<uint32_t>(data.size());
  data.append(value).push_back('\0');
  return offset;
}

uint32_t Plan::bytes(const void* value, size_t size) {
  data.resize((data.size() + 7) & ~size_t{7});
  const auto offset = static_cast<uint32_t>(data.size());
  data.append(static_cast<const char*>(value), size);
  return offset;
}

uint32_t Plan::vector(const std::vector<std::string>& values) {
  std::vector<PlanPointer> offsets;
  offsets.reserve(values.size() + 1);
  for (const auto& value : values) {
    // An empty string has an address too: only a null pointer ends the vector.
    if (value.empty()) data.push_back('\0');
    offsets.push_back(value.empty() ? data.size() - 1 : text(value));
  }
  offsets.push_back(0);
  return bytes(offsets.data(), offsets.size() * sizeof offsets[0]);
}

int Plan::pass(int fd) {
  if (fds.empty()) fds = {-1, -1};  // filled in by the launch
  fds.push_back(fd);
  return kFirstFd + static_cast<int>(fds.size()) - 1;
}

std::string Plan::serialize() const {
  const PlanHeader header = {ops.size(), data.size()};
  std::string out;
  out.reserve(sizeof header + ops.size() * sizeof(Op) + data.size());
  out.append(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(reinterpret_cast<const char*>(ops.data()), ops.size() * sizeof(Op));
  out.append(data);
  return out;
}

uint64_t namespace_flag(const std::string& type) {
  static constexpr std::pair<std::string_view, uint64_t> kTypes[] = {
      {"mount", CLONE_NEWNS},  {"pid", CLONE_NEWPID},  {"network", CLONE_NEWNET},
      {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},  {"cgroup", CLONE_NEWCGROUP},
      {"user", CLONE_NEWUSER}, {"time", CLONE_NEWTIME}};
  for (const auto& [name, flag] : kTypes) {
    if (type == name) return flag;
  }
  throw Error(cat("linux.namespaces: type ", quoted(type), " is not known"),
              "one of mount, pid, network, ipc, uts, cgroup, user and time");
}

Plan plan_container(const Spec& spec, const PlanInputs& inputs) {
  require(spec.process.has_value(), "process: missing");
  require(!spec.process->args.empty(), "process.args: empty: there is no command to run");
  require(spec.linux_.mount_label.empty(),
          "linux.mountLabel: SELinux labels of mounts are not supported");
  const Namespaces spaces = sort_namespaces(spec);
  require(spaces.fresh & CLONE_NEWNS,
          "linux.namespaces: a new mount namespace is required: without it the container would "
          "change the host's mounts");
  require(spec.hostname.empty() || spaces.fresh & CLONE_NEWUTS || spaces.joined & CLONE_NEWUTS,
          "hostname: needs a uts namespace: it would rename the host");

  Plan plan;
  plan.fds = {-1, -1};
  plan_entry(plan, spaces, inputs);
  plan.add(OpCode::new_session);
  plan.add(OpCode::session_keyring, cat("_ses.", inputs.name));
  if (spaces.fresh & CLONE_NEWNET) plan.add(OpCode::loopback_up);
  if (!spec.hostname.empty()) plan.add(OpCode::hostname, spec.hostname);
  if (!spec.domainname.empty()) plan.add(OpCode::domainname, spec.domainname);

  plan.add(OpCode::private_mounts);
  if (!spec.linux_.masked_paths.empty()) plan.add(OpCode::prepare_masks);
  plan_root(plan, spec, inputs);
  plan_mounts(plan, spec, inputs);
  plan_devices(plan, spec);
  plan_streams(plan, spec, inputs, true);
  // The network comes to be beside all this; settings may be about its interfaces.
  if (inputs.waits_for_beside) plan.add(OpCode::wait_go);
  // Before the read-only binds: /proc/sys is one of them.
  plan_settings(plan, spec);
  for (const auto& path : spec.linux_.readonly_paths) plan.add(OpCode::readonly, path);
  for (const auto& path : spec.linux_.masked_paths) plan.add(OpCode::mask, path);
  // Hooks see the finished tree, and the host's.
  const Hooks& hooks = spec.hooks;
  if (!hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.create_container.empty()) {
    plan.add(OpCode::hooks);
  }
  plan.add(OpCode::pivot);
  plan_identity(plan, spec, inputs, true);
  return plan;
}

Plan plan_process(const Spec& spec, const PlanInputs& inputs) {
  require(spec.process.has_value(), "process: missing");
  require(!spec.process->args.empty(), "process.args: empty: there is no command to run");
  Plan plan;
  plan.fds = {-1, -1};
  plan.add(OpCode::hide);
  if (inputs.die_with_parent) plan.add(OpCode::die_with_parent);
  plan.add(OpCode::wait_go);
  add_joins(plan, inputs);
  uint64_t joined = 0;
  for (const auto& [fd, flags] : inputs.joins) joined |= flags;
  if (joined & CLONE_NEWUSER) plan.add(OpCode::become_root);
  if (joined & CLONE_NEWPID) {
    plan.forks = true;
    plan.add(OpCode::fork_sibling);
    if (inputs.die_with_parent) plan.add(OpCode::die_with_parent);
  }
  plan.add(OpCode::new_session);
  plan.add(OpCode::session_keyring, cat("_ses.", inputs.name));
  plan.add(OpCode::open_root);
  plan_streams(plan, spec, inputs, false);
  plan_settings(plan, spec);
  plan_identity(plan, spec, inputs, false);
  return plan;
}

}  // namespace mini::container
