#include "cmd/flags/container_flags.h"

#include <algorithm>

#include "cmd/flags/flag_values.h"
#include "cmd/flags/port_values.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/security_options.h"

namespace mini::cmd {
namespace {

bool is_stream(const std::string& name) {
  return name == "stdin" || name == "stdout" || name == "stderr";
}

}  // namespace

using engine::Config;
using engine::HostConfig;

ContainerFlags::ContainerFlags(Flags& flags) {
  add_process_flags(flags);
  add_limit_flags(flags);
  add_isolation_flags(flags);
  add_network_flags(flags);
  add_health_flags(flags);
  add_compatible_flags(flags);
}

void ContainerFlags::add_process_flags(Flags& flags) {
  flags.flag("-i,--interactive", interactive_, "keep standard input open");
  flags.flag("-t,--tty", tty_, "allocate a terminal");
  flags.flag("--rm", rm_, "remove the container when it exits");
  flags.flag("--init", init_, "run an init as PID 1 that forwards signals and reaps processes");
  flags.value("--name NAME", name_, "name of the container");
  flags.values("-e,--env NAME[=VALUE]", env_,
               "set a variable; without =VALUE taken from the environment");
  flags.values("--env-file FILE", env_files_, "read NAME=VALUE lines from FILE");
  flags.value("-w,--workdir DIR", working_dir_, "working directory");
  flags.value("-u,--user USER[:GROUP]", user_, "user and group, by name or number");
  flags.values("--group-add GROUP", group_add_, "additional group");
  flags.value("--entrypoint COMMAND", entrypoint_, "replace the image's entrypoint; \"\" for none");
  flags.value("-h,--hostname NAME", hostname_, "host name");
  flags.value("--domainname NAME", domainname_, "NIS domain name");
  flags.values("-l,--label KEY=VALUE", labels_, "set a label");
  flags.values("--label-file FILE", label_files_, "read KEY=VALUE lines from FILE");
  flags.value("--restart POLICY", restart_,
              "restart policy: no (default), on-failure[:N], always, unless-stopped");
  flags.value("--stop-signal SIGNAL", stop_signal_,
              "signal that `mini stop` sends (default the image's, or TERM)");
  flags.value("--stop-timeout SECONDS", stop_timeout_,
              "seconds until `mini stop` kills it (default 10)");
  flags.value("--cidfile FILE", cid_file_, "write the container ID to FILE");
  missing_.declare(flags);
  flags.flag("-q,--quiet", missing_.quiet, "do not show the progress of a pull");
  flags.value("--platform PLATFORM", platform_, "platform of the image; must be this machine's");
  flags.values("-a,--attach STREAM", attach_, "attach to a stream: stdin, stdout or stderr");
  flags.value("--log-driver DRIVER", log_driver_, "json-file (default) or none");
  flags.values("--log-opt KEY=VALUE", log_opts_, "log options: max-size=20m, max-file=5");
}

void ContainerFlags::add_limit_flags(Flags& flags) {
  flags.value("-m,--memory SIZE", memory_, "memory limit, such as 512m or 1g");
  flags.value("--memory-swap SIZE", memory_swap_, "limit of memory plus swap; -1 for no limit");
  flags.value("--memory-reservation SIZE", memory_reservation_, "soft memory limit");
  flags.value("--memory-swappiness NUMBER", memory_swappiness_, "swappiness, 0 to 100");
  flags.flag("--oom-kill-disable", oom_kill_disable_, "disable the OOM killer (cgroup v1)");
  flags.value("--oom-score-adj NUMBER", oom_score_adj_, "OOM score adjustment, -1000 to 1000");
  flags.value("--cpus NUMBER", cpus_, "number of CPUs, such as 1.5");
  flags.value("-c,--cpu-shares NUMBER", cpu_shares_, "CPU shares (relative weight)");
  flags.value("--cpu-period MICROSECONDS", cpu_period_, "CFS period");
  flags.value("--cpu-quota MICROSECONDS", cpu_quota_, "CFS quota");
  flags.value("--cpuset-cpus LIST", cpuset_cpus_, "CPUs it may use, such as 0-2,5");
  flags.value("--cpuset-mems LIST", cpuset_mems_, "memory nodes it may use, such as 0,1");
  flags.value("--pids-limit NUMBER", pids_limit_, "limit of processes; -1 for no limit");
  flags.value("--blkio-weight NUMBER", blkio_weight_, "block I/O weight, 10 to 1000");
  flags.value("--shm-size SIZE", shm_size_, "size of /dev/shm (default 64m)");
  flags.values("--ulimit NAME=SOFT[:HARD]", ulimits_, "resource limit, such as nofile=1024:2048");
}

void ContainerFlags::add_isolation_flags(Flags& flags) {
  flags.values("-v,--volume SPEC", volumes_,
               "mount a volume or directory: [SOURCE:]DESTINATION[:ro,…]");
  flags.values("--mount SPEC", mounts_,
               "mount: type=bind|volume|tmpfs,source=…,target=…[,readonly]…");
  flags.values("--tmpfs SPEC", tmpfs_, "mount a tmpfs: PATH[:size=64m,mode=1777,…]");
  flags.flag("--read-only", read_only_, "mount the root file system read-only");
  flags.flag("--privileged", privileged_,
             "give it all capabilities and devices, no system call filter");
  flags.values("--cap-add CAPABILITY", cap_add_, "add a capability, or ALL");
  flags.values("--cap-drop CAPABILITY", cap_drop_, "drop a capability, or ALL");
  flags.values("--security-opt OPTION", security_opt_,
               "no-new-privileges, seccomp=FILE|unconfined, systempaths=unconfined");
  flags.values("--sysctl NAME=VALUE", sysctls_, "set a namespaced kernel parameter");
  flags.values("--device HOST[:CONTAINER[:rwm]]", devices_,
               "add a host device, with its path and permissions");
  flags.values("--device-cgroup-rule RULE", device_cgroup_rules_,
               "allow devices in the cgroup, such as \"c 10:* rmw\"");
  flags.value("--pid MODE", pid_, "PID namespace: host or container:NAME");
  flags.value("--ipc MODE", ipc_, "IPC namespace: private (default), host or container:NAME");
  flags.value("--uts MODE", uts_, "UTS namespace: host");
  flags.value("--cgroupns MODE", cgroupns_,
              "cgroup namespace: private (default on cgroup v2) or host");
  flags.value("--cgroup-parent CGROUP", cgroup_parent_, "parent cgroup");
}

void ContainerFlags::add_network_flags(Flags& flags) {
  flags.values("--network,--net NETWORK", network_.networks,
               "bridge (default), host, none, container:NAME, NAME, or name=NAME,ip=…");
  flags.values("--network-alias,--net-alias NAME", network_.aliases,
               "additional name in the network");
  flags.value("--ip ADDRESS", network_.address, "IPv4 address in a user-defined network");
  flags.value("--ip6 ADDRESS", network_.address6, "IPv6 address in a user-defined network");
  flags.value("--mac-address ADDRESS", network_.mac, "MAC address");
  flags.values("--link CONTAINER", network_.links,
               "refused: containers of a network find each other by name");
  flags.values("-p,--publish SPEC", publish_,
               "publish a port: [[ADDRESS:]HOST:]CONTAINER[/udp]; ranges as 8000-8010");
  flags.flag("-P,--publish-all", publish_all_, "publish all exposed ports to free host ports");
  flags.values("--expose PORT[/PROTOCOL]", expose_, "expose a port or range without publishing it");
  flags.values("--add-host NAME:ADDRESS", add_hosts_,
               "add a line to /etc/hosts; the address may be host-gateway");
  flags.values("--dns ADDRESS", dns_, "name server");
  flags.values("--dns-search DOMAIN", dns_search_, "search domain");
  flags.values("--dns-option,--dns-opt OPTION", dns_options_, "resolver option");
}

void ContainerFlags::add_health_flags(Flags& flags) {
  flags.value("--health-cmd COMMAND", health_cmd_, "command of the health check");
  flags.value("--health-interval DURATION", health_interval_,
              "time between two checks (default 30s)");
  flags.value("--health-timeout DURATION", health_timeout_, "timeout of one check (default 30s)");
  flags.value("--health-start-period DURATION", health_start_period_,
              "startup time in which failures do not count");
  flags.value("--health-start-interval DURATION", health_start_interval_,
              "time between two checks during startup");
  flags.value("--health-retries NUMBER", health_retries_,
              "consecutive failures until unhealthy (default 3)");
  flags.flag("--no-healthcheck", no_healthcheck_, "disable the image's health check");
}

void ContainerFlags::fill_process(Config& config) const {
  config.tty = tty_;
  config.open_stdin = interactive_;
  config.stdin_once = interactive_;
  config.attach_stdin = attach_.empty() ? interactive_ : attaches("stdin");
  config.attach_stdout = attaches("stdout");
  config.attach_stderr = attaches("stderr");
  for (const std::string& file : env_files_)
    for (std::string& line : read_env_file("--env-file", file, ErrorKind::bad_flag))
      config.env.push_back(std::move(line));
  for (const std::string& entry : env_) config.env.push_back(env_entry(entry));
  for (const std::string& file : label_files_)
    for (const std::string& line : read_env_file("--label-file", file, ErrorKind::bad_flag))
      add_label(config.labels, line);
  for (const std::string& entry : labels_) add_label(config.labels, entry);
  config.user = user_.value_or("");
  config.working_dir = working_dir_.value_or("");
  config.hostname = hostname_.value_or("");
  config.domainname = domainname_.value_or("");
  config.stop_signal = stop_signal_.value_or("");
  if (stop_timeout_) config.stop_timeout = static_cast<int>(*stop_timeout_);
  if (entrypoint_) config.entrypoint = std::vector<std::string>{*entrypoint_};
}

void ContainerFlags::fill_limits(HostConfig& host) const {
  host.memory = size_flag("--memory", memory_);
  host.memory_swap = memory_swap_ == "-1" ? -1 : size_flag("--memory-swap", memory_swap_);
  host.memory_reservation = size_flag("--memory-reservation", memory_reservation_);
  host.memory_swappiness = memory_swappiness_;
  host.oom_kill_disable = oom_kill_disable_;
  if (oom_score_adj_) host.oom_score_adj = static_cast<int>(*oom_score_adj_);
  host.nano_cpus = cpus_flag(cpus_);
  host.cpu_shares = cpu_shares_;
  host.cpu_period = cpu_period_;
  host.cpu_quota = cpu_quota_;
  host.cpuset_cpus = cpuset_cpus_;
  host.cpuset_mems = cpuset_mems_;
  host.pids_limit = pids_limit_;
  host.blkio_weight = static_cast<int>(blkio_weight_);
  if (!shm_size_.empty()) host.shm_size = size_flag("--shm-size", shm_size_);
  for (const std::string& entry : ulimits_) host.ulimits.push_back(ulimit_flag(entry));
}

void ContainerFlags::fill_isolation(HostConfig& host) const {
  host.auto_remove = rm_;
  host.init = init_;
  host.privileged = privileged_;
  host.read_only = read_only_;
  host.restart = restart_flag(restart_);
  host.cap_add = cap_add_;
  host.cap_drop = cap_drop_;
  host.security_opt = security_opt_;
  host.group_add = group_add_;
  for (const std::string& entry : sysctls_) add_sysctl(host.sysctls, entry);
  for (const std::string& entry : devices_) host.devices.push_back(device_flag(entry));
  host.device_cgroup_rules = device_cgroup_rules_;
  host.pid_mode = pid_;
  host.ipc_mode = ipc_ == "private" ? "" : ipc_;
  host.uts_mode = uts_;
  host.cgroupns_mode = cgroupns_;
  host.cgroup_parent = cgroup_parent_;
  host.container_id_file = cid_file_;
  host.log_driver = log_driver_;
  apply_log_options(host, log_opts_);
}

void ContainerFlags::fill_network(engine::CreateRequest& request) const {
  HostConfig& host = request.host;
  apply_network_flags(host, network_);
  host.extra_hosts = add_hosts_;
  for (const std::string& server : dns_) host.dns.push_back(address_flag("--dns", server));
  host.dns_search = dns_search_;
  host.dns_options = dns_options_;
  host.publish_all = publish_all_;
  for (const std::string& entry : publish_) add_ports(host.ports, publish_flag(entry));
  std::set<std::string>& exposed = request.config.exposed_ports;
  for (const std::string& entry : expose_)
    for (std::string& port : expose_flag(entry)) exposed.insert(std::move(port));
  // With host every port is already reachable, and with none no port is.
  const bool discarded = host.network_mode == "host" || host.network_mode == "none";
  if (discarded && (publish_all_ || !host.ports.empty())) {
    warn_once(cat("published ports are discarded with --network ", host.network_mode));
    host.ports.clear();
    host.publish_all = false;
  }
  for (const engine::PortRequest& port : host.ports) exposed.insert(exposed_port(port));
}

void ContainerFlags::fill_mounts(HostConfig& host) const {
  // The same text twice is one mount, as in docker; another source for the same target is refused.
  for (const std::string& entry : volumes_) {
    if (std::find(host.binds.begin(), host.binds.end(), entry) != host.binds.end()) continue;
    host.binds.push_back(entry);
    host.mounts.push_back(volume_flag(entry));
  }
  for (const std::string& entry : mounts_) host.mounts.push_back(mount_flag(entry));
  for (const std::string& entry : tmpfs_) host.mounts.push_back(tmpfs_flag(entry));
}

void ContainerFlags::fill_health(Config& config) const {
  if (no_healthcheck_) {
    if (health_cmd_)
      throw Error("flags --no-healthcheck and --health-cmd: cannot be combined", "",
                  ErrorKind::bad_flag);
    config.healthcheck.emplace().test = {"NONE"};
    return;
  }
  image::Healthcheck health;
  if (health_cmd_) health.test = {"CMD-SHELL", *health_cmd_};
  health.interval_ns = duration_flag("--health-interval", health_interval_);
  health.timeout_ns = duration_flag("--health-timeout", health_timeout_);
  health.start_period_ns = duration_flag("--health-start-period", health_start_period_);
  health.start_interval_ns = duration_flag("--health-start-interval", health_start_interval_);
  health.retries = static_cast<int>(health_retries_.value_or(0));
  if (health != image::Healthcheck{}) config.healthcheck = health;
}

bool ContainerFlags::attaches(const std::string& stream) const {
  return attach_.empty() || std::any_of(attach_.begin(), attach_.end(),
                                        [&](const auto& given) { return lower(given) == stream; });
}

engine::CreateRequest ContainerFlags::request(const Flags&,
                                              const std::vector<std::string>& command) const {
  missing_.check();
  try {
    engine::parse_security_options(security_opt_);
  } catch (const Error& error) {
    throw Error(error.what(), error.hint(), ErrorKind::bad_flag);
  }
  if (rm_ && !restart_.empty() && restart_ != "no")
    throw Error("flags --rm and --restart: a removed container cannot be restarted",
                "remove one of them", ErrorKind::bad_flag);
  require_host_platform(platform_);
  engine::CreateRequest request;
  request.image = command.front();
  request.name = name_;
  request.config.image = command.front();
  fill_process(request.config);
  fill_health(request.config);
  for (const std::string& stream : attach_)
    if (!is_stream(lower(stream)))
      refuse("--attach", stream, "not a stream", "stdin, stdout or stderr");
  if (command.size() > 1)
    request.config.cmd = std::vector<std::string>(command.begin() + 1, command.end());
  fill_limits(request.host);
  fill_isolation(request.host);
  fill_network(request);
  fill_mounts(request.host);
  return request;
}

}  // namespace mini::cmd
