// create.h's check_request: each flag on its own, then the combinations that contradict each other.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/engine/lifecycle/create.h"
#include "runtime/engine/record/volumes.h"
#include "runtime/engine/sandbox/devices.h"
#include "runtime/engine/sandbox/sandbox.h"
#include "runtime/engine/sandbox/sandbox_facts.h"
#include "runtime/engine/sandbox/security_options.h"

namespace mini::engine {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {}) {
  throw Error(message, hint, ErrorKind::usage);
}

bool is_one_of(const std::string& text, std::initializer_list<const char*> choices) {
  return std::any_of(choices.begin(), choices.end(),
                     [&](const char* choice) { return text == choice; });
}

bool is_container_mode(const std::string& mode) {
  return mode.starts_with("container:") && mode.size() > 10;
}

// A container that joins another's network takes its names, addresses and ports.
void check_joined_network(const CreateRequest& request) {
  const HostConfig& host = request.host;
  const std::pair<const char*, bool> given[] = {
      {"--hostname", !request.config.hostname.empty()},
      {"--publish", !host.ports.empty()},
      {"--publish-all", host.publish_all},
      {"--expose", !request.config.exposed_ports.empty()},
      {"--add-host", !host.extra_hosts.empty()},
      {"--dns", !host.dns.empty()},
      {"--dns-search", !host.dns_search.empty()},
      {"--dns-option", !host.dns_options.empty()},
  };
  for (const auto& [flag, is_given] : given) {
    if (!is_given) continue;
    refuse(cat(flag, ": cannot be combined with --network ", printable(host.network_mode)),
           "set it on the container whose network is joined");
  }
}

void check_network(const CreateRequest& request) {
  const HostConfig& host = request.host;
  const std::string& mode = host.network_mode;
  if (is_container_mode(mode)) check_joined_network(request);
  if (is_container_mode(mode) || is_one_of(mode, {"none", "host"})) {
    if (!host.networks.empty())
      refuse(cat("--network ", quoted(mode), ": cannot be combined with other networks"));
    return;
  }
  if (host.networks.empty() || host.networks.front().name != mode)
    refuse(cat("--network ", quoted(mode), ": not the first network"));
}

void check_modes(const HostConfig& host) {
  if (!is_one_of(host.pid_mode, {"", "private", "host"}) && !is_container_mode(host.pid_mode)) {
    refuse(cat("--pid ", quoted(host.pid_mode), ": expected host or container:ID"));
  }
  if (!is_one_of(host.ipc_mode, {"", "private", "shareable", "host", "none"})) {
    refuse(cat("--ipc ", quoted(host.ipc_mode), ": expected private, none or host"),
           is_container_mode(host.ipc_mode)
               ? "sharing another container's /dev/shm is not supported"
               : "");
  }
  if (!is_one_of(host.uts_mode, {"", "private", "host"})) {
    refuse(cat("--uts ", quoted(host.uts_mode), ": expected host"));
  }
  if (!is_one_of(host.cgroupns_mode, {"", "private", "host"})) {
    refuse(cat("--cgroupns ", quoted(host.cgroupns_mode), ": expected host or private"));
  }
  if (!is_one_of(host.userns_mode, {"", "host"})) {
    refuse(cat("--userns ", quoted(host.userns_mode), ": user namespaces are not supported yet"));
  }
}

void check_memory(const HostConfig& host) {
  constexpr int64_t kLeast = 6 << 20;
  if (host.memory < 0 || (host.memory > 0 && host.memory < kLeast)) {
    refuse("--memory: the minimum is 6 MiB");
  }
  if (host.memory_swap < -1) refuse("--memory-swap: negative; use -1 for no limit");
  if (host.memory_swap != 0 && host.memory == 0) refuse("--memory-swap: needs --memory");
  if (host.memory_swap > 0 && host.memory_swap < host.memory) {
    refuse("--memory-swap: memory plus swap, so it cannot be less than --memory");
  }
  if (host.memory_reservation < 0 || (host.memory > 0 && host.memory_reservation > host.memory)) {
    refuse("--memory-reservation: must be less than --memory");
  }
  if (host.memory_swappiness && (*host.memory_swappiness < -1 || *host.memory_swappiness > 100)) {
    refuse("--memory-swappiness: expected 0 to 100");
  }
}

bool is_cpu_list(const std::string& text) {
  for (const std::string& range : split(text, ',')) {
    const std::vector<std::string> ends = split(range, '-');
    if (ends.size() > 2) return false;
    const auto first = parse_number(ends[0], 65535), last = parse_number(ends.back(), 65535);
    if (!first || !last || *first > *last) return false;
  }
  return true;
}

void check_cpu(const HostConfig& host) {
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  if (host.nano_cpus < 0 || host.nano_cpus > cpus * 1'000'000'000LL) {
    refuse(cat("--cpus: must be from 0.01 to ", cpus, ", the number of CPUs of this machine"));
  }
  if (host.nano_cpus > 0 && (host.cpu_quota != 0 || host.cpu_period != 0)) {
    refuse("--cpus: cannot be combined with --cpu-period or --cpu-quota");
  }
  if (host.cpu_period != 0 && (host.cpu_period < 1000 || host.cpu_period > 1'000'000)) {
    refuse("--cpu-period: expected 1000 to 1000000 microseconds");
  }
  if (host.cpu_quota != 0 && host.cpu_quota < 1000)
    refuse("--cpu-quota: expected at least 1000 microseconds");
  if (host.cpu_shares < 0) refuse("--cpu-shares: negative");
  if (!host.cpuset_cpus.empty() && !is_cpu_list(host.cpuset_cpus)) {
    refuse(cat("--cpuset-cpus ", quoted(host.cpuset_cpus), ": expected a list such as 0-2,4"));
  }
  if (!host.cpuset_mems.empty() && !is_cpu_list(host.cpuset_mems)) {
    refuse(cat("--cpuset-mems ", quoted(host.cpuset_mems), ": expected a list such as 0-1"));
  }
  if (host.pids_limit < -1) refuse("--pids-limit: expected a number, or -1 for no limit");
  if (host.blkio_weight != 0 && (host.blkio_weight < 10 || host.blkio_weight > 1000)) {
    refuse("--blkio-weight: expected 10 to 1000");
  }
  if (host.oom_score_adj && (*host.oom_score_adj < -1000 || *host.oom_score_adj > 1000)) {
    refuse("--oom-score-adj: expected -1000 to 1000");
  }
}

void check_ulimits(const HostConfig& host) {
  for (const auto& [name, limits] : host.ulimits) {
    rlimit_type(name);
    const auto& [soft, hard] = limits;
    if (hard != -1 && (soft == -1 || soft > hard)) {
      refuse(cat("--ulimit ", name, ": the soft limit exceeds the hard limit"));
    }
  }
}

void check_sysctls(const HostConfig& host) {
  constexpr std::array kIpc = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                               "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                               "kernel.shmmni", "kernel.shm_rmid_forced"};
  for (const auto& [name, value] : host.sysctls) {
    const bool ipc =
        name.starts_with("fs.mqueue.") || std::count(kIpc.begin(), kIpc.end(), name) > 0;
    const bool net = name.starts_with("net.");
    if ((!ipc && !net) || name.find('/') != std::string::npos ||
        name.find("..") != std::string::npos) {
      refuse(cat("--sysctl ", quoted(name), ": not namespaced; it would change the whole host"),
             "only net.*, fs.mqueue.* and kernel.{msg*,sem,shm*} can be set per container");
    }
    if (net && host.network_mode == "host") {
      refuse(cat("--sysctl ", quoted(name), ": would change the host because of --network host"));
    }
    if (ipc && host.ipc_mode == "host") {
      refuse(cat("--sysctl ", quoted(name), ": would change the host because of --ipc host"));
    }
  }
}

void check_mount(const MountRequest& mount) {
  const std::string shown = cat("mount ", quoted(mount.destination));
  if (!mount.destination.starts_with('/'))
    refuse(cat(shown, ": the destination is not an absolute path"));
  if (clean_path(mount.destination) == "/") refuse(cat(shown, ": the destination cannot be \"/\""));
  if (mount.type == MountRequest::Type::volume && !mount.source.empty())
    check_volume_name(mount.source);
  if (mount.type != MountRequest::Type::bind) return;
  if (!mount.source.starts_with('/'))
    refuse(cat(shown, ": the source ", quoted(mount.source), " is not an absolute path"));
  struct stat info;
  if (!mount.create_host_path && stat(mount.source.c_str(), &info) < 0) {
    throw Error(cat(shown, ": the source ", quoted(mount.source), " does not exist"),
                "create it first, or use -v, which creates a directory");
  }
  if (!is_one_of(mount.propagation,
                 {"private", "rprivate", "shared", "rshared", "slave", "rslave"})) {
    refuse(cat(shown, ": unknown propagation ", quoted(mount.propagation)));
  }
}

void check_devices(const HostConfig& host) {
  for (const DeviceRequest& device : host.devices) {
    if (device.permissions.empty() ||
        device.permissions.find_first_not_of("rwm") != std::string::npos) {
      refuse(cat("--device ", quoted(device.host), ": permissions ", quoted(device.permissions),
                 ": expected some of r, w, m"));
    }
    find_devices(device);
  }
  for (const std::string& rule : host.device_cgroup_rules) parse_device_rule(rule);
}

void check_environment(const Config& config) {
  for (const std::string& variable : config.env) {
    if (variable.empty() || variable[0] == '=')
      refuse(cat("-e ", quoted(variable), ": the name is missing"));
    if (variable.find('\0') != std::string::npos)
      refuse(cat("-e ", quoted(variable), ": contains a NUL byte"));
  }
  constexpr size_t kHostNameLimit = 64;  // the kernel's
  if (config.hostname.size() > kHostNameLimit) refuse("--hostname: longer than 64 characters");
  if (!config.working_dir.empty() && !config.working_dir.starts_with('/')) {
    refuse(cat("-w ", quoted(config.working_dir), ": not an absolute path"));
  }
  if (!config.stop_signal.empty()) parse_signal(config.stop_signal);
}

void check_health(const std::optional<image::Healthcheck>& check) {
  if (!check) return;
  constexpr int64_t kLeast = 1'000'000;
  const std::pair<const char*, int64_t> durations[] = {
      {"interval", check->interval_ns},
      {"timeout", check->timeout_ns},
      {"start-period", check->start_period_ns},
      {"start-interval", check->start_interval_ns}};
  for (const auto& [name, value] : durations) {
    if (value != 0 && value < kLeast) refuse(cat("--health-", name, ": less than 1ms"));
  }
  if (check->retries < 0) refuse("--health-retries: negative");
}

void check_extra_hosts(const HostConfig& host) {
  for (const std::string& entry : host.extra_hosts) {
    const size_t colon = entry.find_first_of(":=");
    if (colon == 0 || colon == std::string::npos || colon + 1 == entry.size()) {
      refuse(cat("--add-host ", quoted(entry), ": expected NAME:ADDRESS"));
    }
    if (entry.find_first_of(" \t\r\n#") != std::string::npos) {
      refuse(cat("--add-host ", quoted(entry), ": contains white space or \"#\""));
    }
    if (entry.substr(colon + 1) == "host-gateway" && host.network_mode == "none") {
      refuse(cat("--add-host ", quoted(entry), ": the host is unreachable with --network none"),
             "remove --network none");
    }
  }
}

void check_combinations(const HostConfig& host) {
  if (host.auto_remove && host.restart.kind != RestartPolicy::Kind::no) {
    throw Error("--rm and --restart: a removed container cannot be restarted", {},
                ErrorKind::usage);
  }
  if (host.restart.max_retries < 0) refuse("--restart: the number of retries is negative");
  if (host.oom_kill_disable && host.memory == 0) refuse("--oom-kill-disable: needs --memory");
  if (host.shm_size <= 0) refuse("--shm-size: must be more than 0");
  if (!is_one_of(host.log_driver, {"json-file", "none"})) {
    refuse(cat("--log-driver ", quoted(host.log_driver), ": expected json-file or none"));
  }
  if (host.log_max_size <= 0 || host.log_max_files < 1)
    refuse("--log-opt: max-size and max-file must be more than 0");
}

}  // namespace

void check_request(const CreateRequest& request) {
  const HostConfig& host = request.host;
  if (!request.name.empty()) check_container_name(request.name);
  check_network(request);
  check_modes(host);
  check_combinations(host);
  check_memory(host);
  check_cpu(host);
  check_ulimits(host);
  check_sysctls(host);
  container::capability_mask(host.cap_add);
  container::capability_mask(host.cap_drop);
  const SecurityOptions security = parse_security_options(host.security_opt);
  if (!security.seccomp_profile.empty()) load_seccomp_profile(security.seccomp_profile, {});
  for (const MountRequest& mount : host.mounts) check_mount(mount);
  check_devices(host);
  check_extra_hosts(host);
  check_environment(request.config);
  check_health(request.config.healthcheck);
}

}  // namespace mini::engine
