#include "runtime/engine/sandbox/sandbox.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/engine/sandbox/devices.h"
#include "runtime/engine/sandbox/security_options.h"

namespace mini::engine {
namespace {

constexpr const char* kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

container::Mount* find_mount(container::Spec& spec, const std::string& destination) {
  const auto found =
      std::find_if(spec.mounts.begin(), spec.mounts.end(),
                   [&](const container::Mount& mount) { return mount.destination == destination; });
  return found == spec.mounts.end() ? nullptr : &*found;
}

void drop_mount(container::Spec& spec, const std::string& destination) {
  std::erase_if(spec.mounts,
                [&](const container::Mount& mount) { return mount.destination == destination; });
}

void drop_namespace(container::Spec& spec, const std::string& type) {
  std::erase_if(spec.linux_.namespaces,
                [&](const container::Namespace& space) { return space.type == type; });
}

void join_namespace(container::Spec& spec, const std::string& type, const std::string& path) {
  drop_namespace(spec, type);
  spec.linux_.namespaces.push_back({type, path});
}

void set_option(container::Mount& mount, const std::string& prefix, const std::string& value) {
  std::erase_if(mount.options,
                [&](const std::string& option) { return option.starts_with(prefix); });
  mount.options.push_back(prefix + value);
}

void make_writable(container::Spec& spec, const std::string& destination) {
  container::Mount* mount = find_mount(spec, destination);
  if (!mount) return;
  std::erase(mount->options, "ro");
  mount->options.push_back("rw");
}

container::Mount bind_mount(const std::string& source, const std::string& destination) {
  return {destination, "bind", source, {"rbind", "rprivate"}, {}, {}};
}

void apply_namespaces(container::Spec& spec, const HostConfig& host, const SandboxFacts& facts) {
  if (host.network_mode == "host") drop_namespace(spec, "network");
  if (!facts.join_network_namespace.empty())
    join_namespace(spec, "network", facts.join_network_namespace);
  if (host.pid_mode == "host") drop_namespace(spec, "pid");
  if (!facts.join_pid_namespace.empty()) join_namespace(spec, "pid", facts.join_pid_namespace);
  if (host.uts_mode == "host") drop_namespace(spec, "uts");
  drop_namespace(spec, "cgroup");
  if (has_own_cgroup_namespace(host)) spec.linux_.namespaces.push_back({"cgroup", ""});
  if (host.ipc_mode == "host") {
    drop_namespace(spec, "ipc");
    // A new mqueue file system shows the host's queues, also where the host has none mounted.
    if (container::Mount* mount = find_mount(spec, "/dev/shm"))
      *mount = bind_mount("/dev/shm", "/dev/shm");
  } else if (host.ipc_mode == "none") {
    drop_mount(spec, "/dev/shm");
  } else if (container::Mount* mount = find_mount(spec, "/dev/shm")) {
    set_option(*mount, "size=", cat(host.shm_size));
  }
}

// A user's mount replaces the sandbox's own at the same place, as Docker's does.
void add_mounts(container::Spec& spec, const Record& record, const SandboxFacts& facts) {
  const auto taken = [&](const std::string& destination) {
    return std::any_of(record.mounts.begin(), record.mounts.end(),
                       [&](const MountRequest& mount) { return mount.destination == destination; });
  };
  const std::pair<const std::string&, const char*> files[] = {
      {facts.resolv_conf, "/etc/resolv.conf"},
      {facts.hostname, "/etc/hostname"},
      {facts.hosts, "/etc/hosts"}};
  for (const MountRequest& mount : record.mounts) {
    drop_mount(spec, mount.destination);
    spec.mounts.push_back(make_mount(mount, facts.volumes));
  }
  // On top of whatever is mounted on /etc.
  for (const auto& [source, destination] : files) {
    if (!source.empty() && !taken(destination))
      spec.mounts.push_back(bind_mount(source, destination));
  }
}

void apply_paths(container::Spec& spec, const HostConfig& host, const SecurityOptions& security) {
  auto& masked = spec.linux_.masked_paths;
  auto& read_only = spec.linux_.readonly_paths;
  if (host.privileged || security.paths_unconfined) {
    masked.clear();
    read_only.clear();
  }
  for (const std::string& path : security.unmask) {
    if (path == "ALL") {
      masked.clear();
      read_only.clear();
    }
    std::erase(masked, path);
    std::erase(read_only, path);
  }
  masked.insert(masked.end(), security.mask.begin(), security.mask.end());
}

}  // namespace

bool has_own_cgroup_namespace(const HostConfig& host) {
  if (!host.cgroupns_mode.empty()) return host.cgroupns_mode == "private";
  return !host.privileged && container::CgroupHost::get().layout == container::CgroupLayout::v2;
}

HiddenPaths hidden_paths(const HostConfig& host) {
  container::Spec spec = container::default_spec();
  apply_paths(spec, host, parse_security_options(host.security_opt));
  return {spec.linux_.masked_paths, spec.linux_.readonly_paths};
}

namespace {

void apply_security(container::Spec& spec, const Record& record, const SandboxFacts& facts) {
  const HostConfig& host = record.host;
  const SecurityOptions security = parse_security_options(host.security_opt);
  spec.process->capabilities = capability_sets(granted_capabilities(host), facts.user.user.uid);
  spec.process->no_new_privileges = security.no_new_privileges;
  apply_paths(spec, host, security);
  if (facts.seccomp) {
    spec.linux_.seccomp = facts.seccomp;
  } else if (security.seccomp_unconfined || host.privileged) {
    spec.linux_.seccomp.reset();
  } else {
    spec.linux_.seccomp.emplace().builtin_default = true;
  }
  if (!host.privileged) return;
  make_writable(spec, "/sys");
  make_writable(spec, "/sys/fs/cgroup");
}

void apply_devices(container::Spec& spec, const HostConfig& host, const SandboxFacts& facts) {
  std::vector<container::DeviceRule>& rules = spec.linux_.resources.devices;
  spec.linux_.devices.insert(spec.linux_.devices.end(), facts.devices.begin(), facts.devices.end());
  if (host.privileged) {
    container::DeviceRule all;
    all.allow = true;
    rules = {all};
    return;
  }
  for (const DeviceRequest& request : host.devices) {
    const std::string& to = request.container.empty() ? request.host : request.container;
    for (const container::Device& device : facts.devices) {
      if (device.path == to || device.path.starts_with(to + "/")) {
        rules.push_back(rule_for(device, request.permissions));
      }
    }
  }
  for (const std::string& rule : host.device_cgroup_rules) rules.push_back(parse_device_rule(rule));
}

void fill_process(container::Process& process, const Record& record, const SandboxFacts& facts) {
  process.terminal = record.config.tty;
  process.user = facts.user.user;
  process.args = record.args;
  process.env = make_environment(record, facts.user.home);
  process.cwd = record.config.working_dir.empty() ? "/" : record.config.working_dir;
  process.init = record.host.init;
  process.oom_score_adj = record.host.oom_score_adj;
  process.rlimits.clear();
  for (const auto& [name, limits] : record.host.ulimits) {
    // -1 is RLIM_INFINITY.
    process.rlimits.push_back({rlimit_type(name), static_cast<uint64_t>(limits.first),
                               static_cast<uint64_t>(limits.second)});
  }
}

// "NAME=value" replaces an earlier one of the same name.
void set_variable(std::vector<std::string>& env, const std::string& variable) {
  const std::string start = variable.substr(0, variable.find('=')) + "=";
  for (std::string& have : env) {
    if (have.starts_with(start)) {
      have = variable;
      return;
    }
  }
  env.push_back(variable);
}

bool is_set(const std::vector<std::string>& env, const std::string& start) {
  return std::any_of(env.begin(), env.end(),
                     [&](const std::string& have) { return have.starts_with(start); });
}

container::Mount make_tmpfs(const MountRequest& request) {
  container::Mount mount{request.destination,           "tmpfs", "tmpfs",
                         {"nosuid", "nodev", "noexec"}, {},      {}};
  if (request.read_only) mount.options.push_back("ro");
  if (request.tmpfs_size) mount.options.push_back(cat("size=", *request.tmpfs_size));
  if (request.tmpfs_mode) {
    char text[16];
    snprintf(text, sizeof text, "mode=%o", *request.tmpfs_mode);
    mount.options.push_back(text);
  }
  for (const std::string& option : request.tmpfs_options)
    mount.options.push_back(option);  // later ones win
  return mount;
}

}  // namespace

std::string rlimit_type(const std::string& name) {
  constexpr std::array<std::string_view, 16> kNames = {
      "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
      "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
  if (std::count(kNames.begin(), kNames.end(), name) > 0) return cat("RLIMIT_", upper(name));
  const auto near = did_you_mean(name, kNames);
  throw Error(cat("--ulimit ", quoted(name), ": unknown limit"),
              near ? cat("did you mean ", quoted(*near), "?") : "", ErrorKind::usage);
}

// With the host's network goes the host's name, as in Docker.
std::string host_name_of(const Record& record) {
  if (!record.config.hostname.empty()) return record.config.hostname;
  utsname host;
  if (record.host.network_mode == "host" && uname(&host) == 0) return host.nodename;
  return record.id.substr(0, 12);
}

std::vector<std::string> make_environment(const Record& record, const std::string& home) {
  std::vector<std::string> env = {kDefaultPath, cat("HOSTNAME=", host_name_of(record))};
  if (record.config.tty) env.push_back("TERM=xterm");
  for (const std::string& variable : record.config.env) {
    if (variable.find('=') != std::string::npos) set_variable(env, variable);
  }
  if (!is_set(env, "HOME=")) env.push_back(cat("HOME=", home));
  return env;
}

std::vector<std::string> granted_capabilities(const HostConfig& host) {
  if (host.privileged) return container::apply_capability_flags({}, {"ALL"}, {});
  return container::apply_capability_flags(container::default_capabilities(), host.cap_add,
                                           host.cap_drop);
}

// Inheritable and ambient stay empty (CVE-2022-29162). An ordinary user's process has no capability
// that it could use; the bounding set is what a set-user-id program may get.
container::Capabilities capability_sets(const std::vector<std::string>& granted, uint32_t uid) {
  container::Capabilities sets;
  sets.bounding = granted;
  if (uid == 0) sets.effective = sets.permitted = granted;
  return sets;
}

container::Resources make_resources(const HostConfig& host, bool swap_accounting) {
  container::Resources out;
  if (host.memory > 0) {
    out.memory.limit = host.memory;
    // Docker's default: as much swap as memory.
    if (host.memory_swap == 0 && swap_accounting) out.memory.swap = host.memory * 2;
  }
  if (host.memory_swap != 0) out.memory.swap = host.memory_swap;
  if (host.memory_reservation > 0) out.memory.reservation = host.memory_reservation;
  if (host.memory_swappiness && *host.memory_swappiness >= 0) {
    out.memory.swappiness = static_cast<uint64_t>(*host.memory_swappiness);
  }
  if (host.oom_kill_disable) out.memory.disable_oom_killer = true;
  if (host.cpu_shares > 0) out.cpu.shares = static_cast<uint64_t>(host.cpu_shares);
  if (host.nano_cpus > 0) {
    constexpr int64_t kPeriod = 100'000;  // microseconds
    out.cpu.period = kPeriod;
    out.cpu.quota = host.nano_cpus * kPeriod / 1'000'000'000;
  }
  if (host.cpu_period > 0) out.cpu.period = static_cast<uint64_t>(host.cpu_period);
  if (host.cpu_quota > 0) out.cpu.quota = host.cpu_quota;
  out.cpu.cpus = host.cpuset_cpus;
  out.cpu.mems = host.cpuset_mems;
  if (host.pids_limit > 0) out.pids_limit = host.pids_limit;
  if (host.blkio_weight > 0) out.block_io.weight = static_cast<uint16_t>(host.blkio_weight);
  return out;
}

container::Mount make_mount(const MountRequest& request, const std::string& volumes) {
  if (request.type == MountRequest::Type::tmpfs) return make_tmpfs(request);
  container::Mount mount;
  mount.destination = request.destination;
  mount.type = "bind";
  const bool volume = request.type == MountRequest::Type::volume;
  mount.source = volume ? cat(volumes, '/', request.source, "/_data") : request.source;
  mount.options = {request.recursive ? "rbind" : "bind", volume ? "rprivate" : request.propagation};
  // Read-only means all of it: what is mounted below the source too.
  if (request.read_only) mount.options.push_back(request.recursive ? "rro" : "ro");
  return mount;
}

container::Spec make_spec(const Record& record, const SandboxFacts& facts) {
  container::Spec spec = container::default_spec();
  spec.overlay = facts.overlay;
  spec.overlay->throwaway |= record.host.auto_remove;
  spec.root.path.clear();
  spec.root.readonly = record.host.read_only;
  fill_process(spec.process ? *spec.process : spec.process.emplace(), record, facts);
  if (record.host.uts_mode != "host") {
    spec.hostname = host_name_of(record);
    spec.domainname = record.config.domainname;
  }
  const std::vector<container::DeviceRule> default_rules = spec.linux_.resources.devices;
  spec.linux_.resources = make_resources(record.host, facts.swap_accounting);
  spec.linux_.resources.devices = default_rules;
  spec.linux_.cgroups_path = cgroup_path(record);
  for (const auto& [name, value] : record.host.sysctls) spec.linux_.sysctl[name] = value;
  apply_namespaces(spec, record.host, facts);
  apply_devices(spec, record.host, facts);
  apply_security(spec, record, facts);
  add_mounts(spec, record, facts);
  return spec;
}

}  // namespace mini::engine
