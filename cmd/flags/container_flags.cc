#include "cmd/flags/container_flags.h"

#include "cmd/flags/flag_values.h"
#include "cmd/flags/port_values.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {

using engine::Config;
using engine::HostConfig;

ContainerFlags::ContainerFlags(Flags& flags) {
  add_process_flags(flags);
  add_limit_flags(flags);
  add_isolation_flags(flags);
  add_network_flags(flags);
  add_health_flags(flags);
}

void ContainerFlags::add_process_flags(Flags& flags) {
  flags.flag("-i,--interactive", interactive_, "keep standard input open");
  flags.flag("-t,--tty", tty_, "give it a terminal");
  flags.flag("--rm", rm_, "remove the container when it ends");
  flags.flag("--init", init_, "run a small init as pid 1 that forwards signals and reaps");
  flags.value("--name", name_, "the container's name");
  flags.values("-e,--env", env_, "NAME=VALUE, or NAME to take over from here");
  flags.values("--env-file", env_files_, "file of NAME=VALUE lines");
  flags.value("-w,--workdir", working_dir_, "working directory");
  flags.value("-u,--user", user_, "user[:group], names or numbers");
  flags.values("--group-add", group_add_, "additional group");
  flags.value("--entrypoint", entrypoint_, "instead of the image's; \"\" for none");
  flags.value("-h,--hostname", hostname_, "host name");
  flags.value("--domainname", domainname_, "NIS domain name");
  flags.values("-l,--label", labels_, "KEY=VALUE");
  flags.values("--label-file", label_files_, "file of KEY=VALUE lines");
  flags.value("--restart", restart_, "no, on-failure[:N], always, unless-stopped");
  flags.value("--stop-signal", stop_signal_, "signal that `mini stop` sends");
  flags.value("--stop-timeout", stop_timeout_, "seconds until `mini stop` kills");
  flags.value("--cidfile", cid_file_, "write the container's id to this file");
  missing_.declare(flags);
  flags.flag("-q,--quiet", missing_.quiet, "do not show how an image is fetched");
  flags.value("--platform", platform_, "only this machine's");
  flags.values("-a,--attach", attach_, "stdin, stdout, stderr");
  flags.value("--log-driver", log_driver_, "json-file or none");
  flags.values("--log-opt", log_opts_, "max-size=20m, max-file=5");
}

void ContainerFlags::add_limit_flags(Flags& flags) {
  flags.value("-m,--memory", memory_, "memory limit: 512m, 1g");
  flags.value("--memory-swap", memory_swap_, "memory plus swap; -1 for no limit");
  flags.value("--memory-reservation", memory_reservation_, "soft memory limit");
  flags.value("--memory-swappiness", memory_swappiness_, "0 to 100");
  flags.flag("--oom-kill-disable", oom_kill_disable_,
             "do not kill when memory runs out (cgroup v1)");
  flags.value("--oom-score-adj", oom_score_adj_, "-1000 to 1000");
  flags.value("--cpus", cpus_, "number of CPUs: 1.5");
  flags.value("-c,--cpu-shares", cpu_shares_, "relative weight");
  flags.value("--cpu-period", cpu_period_, "CFS period in µs");
  flags.value("--cpu-quota", cpu_quota_, "CFS quota in µs");
  flags.value("--cpuset-cpus", cpuset_cpus_, "CPUs it may use: 0-2,5");
  flags.value("--cpuset-mems", cpuset_mems_, "memory nodes it may use");
  flags.value("--pids-limit", pids_limit_, "number of processes; -1 for no limit");
  flags.value("--blkio-weight", blkio_weight_, "10 to 1000");
  flags.value("--shm-size", shm_size_, "size of /dev/shm (64m)");
  flags.values("--ulimit", ulimits_, "NAME=SOFT[:HARD]");
}

void ContainerFlags::add_isolation_flags(Flags& flags) {
  flags.values("-v,--volume", volumes_, "[SOURCE:]DESTINATION[:ro,…]");
  flags.values("--mount", mounts_, "type=bind|volume|tmpfs,source=…,target=…[,readonly]…");
  flags.values("--tmpfs", tmpfs_, "PATH[:size=64m,mode=1777,…]");
  flags.flag("--read-only", read_only_, "root file system read-only");
  flags.flag("--privileged", privileged_, "all capabilities and devices, no filter: no protection");
  flags.values("--cap-add", cap_add_, "capability to add, or ALL");
  flags.values("--cap-drop", cap_drop_, "capability to drop, or ALL");
  flags.values("--security-opt", security_opt_,
               "no-new-privileges, seccomp=FILE|unconfined, systempaths=unconfined");
  flags.values("--sysctl", sysctls_, "NAME=VALUE (namespaced ones)");
  flags.values("--device", devices_, "HOST[:CONTAINER[:rwm]]");
  flags.values("--device-cgroup-rule", device_cgroup_rules_, "\"c 10:* rmw\"");
  flags.value("--pid", pid_, "host or container:NAME");
  flags.value("--ipc", ipc_, "private, host or container:NAME");
  flags.value("--uts", uts_, "host");
  flags.value("--cgroupns", cgroupns_, "private or host");
  flags.value("--cgroup-parent", cgroup_parent_, "parent of its cgroup");
}

void ContainerFlags::add_network_flags(Flags& flags) {
  flags.values("--network,--net", network_.networks,
               "NAME, bridge (the default), host, none, container:NAME; name=NAME,alias=A,ip=…");
  flags.values("--network-alias,--net-alias", network_.aliases,
               "another name by which its network finds it");
  flags.value("--ip", network_.address, "its IPv4 address on a network of yours");
  flags.value("--ip6", network_.address6, "its IPv6 address on a network of yours");
  flags.value("--mac-address", network_.mac, "its hardware address");
  flags.values("--link", network_.links, "refused: the names of a network do this");
  flags.values("-p,--publish", publish_, "[ADDRESS:][HOST]:CONTAINER[/udp]; ranges: 8000-8010");
  flags.flag("-P,--publish-all", publish_all_, "publish every exposed port on a free one");
  flags.values("--expose", expose_, "PORT[/tcp|udp] or a range, for -P and for whoever reads it");
  flags.values("--add-host", add_hosts_, "NAME:ADDRESS or NAME:host-gateway for /etc/hosts");
  flags.values("--dns", dns_, "name server");
  flags.values("--dns-search", dns_search_, "search domain");
  flags.values("--dns-option,--dns-opt", dns_options_, "resolver option");
}

void ContainerFlags::add_health_flags(Flags& flags) {
  flags.value("--health-cmd", health_cmd_, "command that tells whether it is healthy");
  flags.value("--health-interval", health_interval_, "between two checks (30s)");
  flags.value("--health-timeout", health_timeout_, "for one check (30s)");
  flags.value("--health-start-period", health_start_period_, "in which failures do not count");
  flags.value("--health-start-interval", health_start_interval_,
              "between checks in the start period");
  flags.value("--health-retries", health_retries_, "failures in a row until unhealthy (3)");
  flags.flag("--no-healthcheck", no_healthcheck_, "not even the image's");
}

void ContainerFlags::fill_process(Config& config) const {
  config.tty = tty_;
  config.open_stdin = interactive_;
  config.stdin_once = interactive_;
  config.attach_stdin = interactive_;
  for (const std::string& file : env_files_)
    for (std::string& line : read_env_file(file)) config.env.push_back(std::move(line));
  for (const std::string& entry : env_) config.env.push_back(env_entry(entry));
  for (const std::string& file : label_files_)
    for (const std::string& line : read_env_file(file)) add_label(config.labels, line);
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
  host.cgroupns_mode = cgroupns_ == "private" ? "" : cgroupns_;
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
  // The host's own network has every port of the container already, and none has no way in.
  const bool discarded = host.network_mode == "host" || host.network_mode == "none";
  if (discarded && (publish_all_ || !host.ports.empty())) {
    warn_once(cat("published ports are discarded with --network ", host.network_mode));
    host.ports.clear();
    host.publish_all = false;
  }
  for (const engine::PortRequest& port : host.ports) exposed.insert(exposed_port(port));
}

void ContainerFlags::fill_mounts(HostConfig& host) const {
  host.binds = volumes_;
  for (const std::string& entry : volumes_) host.mounts.push_back(volume_flag(entry));
  for (const std::string& entry : mounts_) host.mounts.push_back(mount_flag(entry));
  for (const std::string& entry : tmpfs_) host.mounts.push_back(tmpfs_flag(entry));
}

void ContainerFlags::fill_health(Config& config) const {
  if (no_healthcheck_) {
    if (health_cmd_)
      throw Error("flag --no-healthcheck: contradicts --health-cmd", "", ErrorKind::usage);
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

engine::CreateRequest ContainerFlags::request(const Flags&,
                                              const std::vector<std::string>& command) const {
  missing_.check();
  require_host_platform(platform_);
  engine::CreateRequest request;
  request.image = command.front();
  request.name = name_;
  request.config.image = command.front();
  fill_process(request.config);
  fill_health(request.config);
  for (const std::string& stream : attach_)
    if (stream != "stdin" && stream != "stdout" && stream != "stderr")
      throw Error(cat("flag --attach ", printable(stream), ": not a stream"),
                  "stdin, stdout or stderr", ErrorKind::usage);
  if (command.size() > 1)
    request.config.cmd = std::vector<std::string>(command.begin() + 1, command.end());
  fill_limits(request.host);
  fill_isolation(request.host);
  fill_network(request);
  fill_mounts(request.host);
  return request;
}

}  // namespace mini::cmd
