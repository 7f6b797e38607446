#include "runtime/engine/record/record.h"

#include "runtime/base/error.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/image/document/members.h"

namespace mini {

static void describe(JsonMembers& json, ProcessId& process) {
  json("Pid", process.pid);
  json("StartTime", process.start_time);
  json("Boot", process.boot);
}

}  // namespace mini

namespace mini::engine {
namespace {

constexpr const char* kMountTypes[] = {"bind", "volume", "tmpfs", nullptr};
constexpr const char* kRestartKinds[] = {"no", "on-failure", "always", "unless-stopped", nullptr};
constexpr const char* kStatuses[] = {"created",  "running", "paused", "restarting",
                                     "removing", "exited",  "dead",   nullptr};

}  // namespace

const char* to_string(Status status) {
  return kStatuses[static_cast<int>(status)];
}

const char* to_string(RestartPolicy::Kind kind) {
  return kRestartKinds[static_cast<int>(kind)];
}

const char* to_string(MountRequest::Type type) {
  return kMountTypes[static_cast<int>(type)];
}

void leave_endpoints(State& state) {
  for (const Endpoint& endpoint : state.endpoints)
    state.last_addresses[endpoint.network] = endpoint.address;
  state.endpoints.clear();
  state.ports.clear();
  state.held_ports.clear();
}

Health after_end(Health health) {
  if (!health.status.empty()) health.status = "unhealthy";
  return health;
}

std::string cgroup_path(const Record& record) {
  const std::string& parent = record.host.cgroup_parent;
  return parent.empty() ? record.id : cat(parent, '/', record.id);
}

// What has its default value is not written: `ps` reads a thousand records.
static void describe(JsonMembers& json, MountRequest& mount) {
  json("Type", mount.type);
  json("Source", mount.source);
  json("Destination", mount.destination);
  json("ReadOnly", mount.read_only);
  json("NoCopy", mount.no_copy);
  json("CreateHostPath", mount.create_host_path);
  json("Recursive", mount.recursive);
  json("Propagation", mount.propagation);
  json("TmpfsSize", mount.tmpfs_size);
  json("TmpfsMode", mount.tmpfs_mode);
  json("TmpfsOptions", mount.tmpfs_options);
  json("Anonymous", mount.anonymous);
}

static void describe(JsonMembers& json, DeviceRequest& device) {
  json("PathOnHost", device.host);
  json("PathInContainer", device.container);
  json("CgroupPermissions", device.permissions);
}

static void describe(JsonMembers& json, NetworkRequest& network) {
  json("Name", network.name);
  json("Aliases", network.aliases);
  json("IPAddress", network.address);
  json("GlobalIPv6Address", network.address6);
  json("MacAddress", network.mac);
}

static void describe(JsonMembers& json, PortRequest& port) {
  json("HostIp", port.host_address);
  json("HostPort", port.host_port);
  json("HostPortLast", port.host_port_last);
  json("ContainerPort", port.container_port);
  json("Protocol", port.protocol);
}

static void describe(JsonMembers& json, RestartPolicy& policy) {
  json("Name", policy.kind);
  json("MaximumRetryCount", policy.max_retries);
}

static void describe(JsonMembers& json, Config& config) {
  json("Hostname", config.hostname);
  json("Domainname", config.domainname);
  json("User", config.user);
  json("WorkingDir", config.working_dir);
  json("Image", config.image);
  json("Env", config.env);
  json("Entrypoint", config.entrypoint);
  json("Cmd", config.cmd);
  json("Labels", config.labels);
  json("ExposedPorts", config.exposed_ports);
  json("Volumes", config.volumes);
  json("Tty", config.tty);
  json("OpenStdin", config.open_stdin);
  json("StdinOnce", config.stdin_once);
  json("AttachStdin", config.attach_stdin);
  json("AttachStdout", config.attach_stdout);
  json("AttachStderr", config.attach_stderr);
  json("StopSignal", config.stop_signal);
  json("StopTimeout", config.stop_timeout);
  json("Healthcheck", config.healthcheck);
}

static void describe_modes(JsonMembers& json, HostConfig& host) {
  json("Mounts", host.mounts);
  json("Binds", host.binds);
  json("NetworkMode", host.network_mode);
  json("Networks", host.networks);
  json("Ports", host.ports);
  json("PublishAllPorts", host.publish_all);
  json("PidMode", host.pid_mode);
  json("IpcMode", host.ipc_mode);
  json("UTSMode", host.uts_mode);
  json("CgroupnsMode", host.cgroupns_mode);
  json("UsernsMode", host.userns_mode);
  json("RestartPolicy", host.restart);
  json("AutoRemove", host.auto_remove);
  json("Privileged", host.privileged);
  json("ReadonlyRootfs", host.read_only);
  json("Init", host.init);
  json("CapAdd", host.cap_add);
  json("CapDrop", host.cap_drop);
  json("GroupAdd", host.group_add);
  json("SecurityOpt", host.security_opt);
  json("ExtraHosts", host.extra_hosts);
  json("Dns", host.dns);
  json("DnsSearch", host.dns_search);
  json("DnsOptions", host.dns_options);
  json("LogDriver", host.log_driver);
  json("LogMaxSize", host.log_max_size);
  json("LogMaxFiles", host.log_max_files);
  json("ContainerIDFile", host.container_id_file);
}

static void describe_limits(JsonMembers& json, HostConfig& host) {
  json("Memory", host.memory);
  json("MemorySwap", host.memory_swap);
  json("MemoryReservation", host.memory_reservation);
  json("MemorySwappiness", host.memory_swappiness);
  json("OomKillDisable", host.oom_kill_disable);
  json("NanoCpus", host.nano_cpus);
  json("CpuShares", host.cpu_shares);
  json("CpuPeriod", host.cpu_period);
  json("CpuQuota", host.cpu_quota);
  json("CpusetCpus", host.cpuset_cpus);
  json("CpusetMems", host.cpuset_mems);
  json("PidsLimit", host.pids_limit);
  json("BlkioWeight", host.blkio_weight);
  json("OomScoreAdj", host.oom_score_adj);
  json("ShmSize", host.shm_size);
  json("Ulimits", host.ulimits);
  json("Sysctls", host.sysctls);
  json("Devices", host.devices);
  json("DeviceCgroupRules", host.device_cgroup_rules);
  json("CgroupParent", host.cgroup_parent);
}

static void describe(JsonMembers& json, HostConfig& host) {
  describe_modes(json, host);
  describe_limits(json, host);
}

static void describe(JsonMembers& json, Health::Probe& probe) {
  json("Start", probe.start_ns);
  json("End", probe.end_ns);
  json("ExitCode", probe.exit_code);
  json("Output", probe.output);
}

static void describe(JsonMembers& json, Health& health) {
  json("Status", health.status);
  json("FailingStreak", health.failing_streak);
  json("Log", health.log);
}

static void describe(JsonMembers& json, Endpoint& endpoint) {
  json("Network", endpoint.network);
  json("NetworkID", endpoint.network_id);
  json("Interface", endpoint.interface);
  json("HostInterface", endpoint.host_interface);
  json("IPAddress", endpoint.address);
  json("Gateway", endpoint.gateway);
  json("GlobalIPv6Address", endpoint.address6);
  json("IPv6Gateway", endpoint.gateway6);
  json("MacAddress", endpoint.mac);
  json("IPPrefixLen", endpoint.prefix);
  json("GlobalIPv6PrefixLen", endpoint.prefix6);
  json("DNSNames", endpoint.names);
}

static void describe(JsonMembers& json, PublishedPort& port) {
  json("HostIp", port.host_address);
  json("HostPort", port.host_port);
  json("ContainerPort", port.container_port);
  json("Protocol", port.protocol);
}

static void describe(JsonMembers& json, State& state) {
  json("Status", state.status);
  json("ExitCode", state.exit_code);
  json("OOMKilled", state.oom_killed);
  json("Error", state.error);
  json("Started", state.started_ns);
  json("Finished", state.finished_ns);
  json("Process", state.process);
  json("Monitor", state.monitor);
  json("Endpoints", state.endpoints);
  json("Ports", state.ports);
  json("HeldPorts", state.held_ports);
  json("LastAddresses", state.last_addresses);
  json("Health", state.health);
}

static void describe(JsonMembers& json, Record& record) {
  json("Id", record.id);
  json("Name", record.name);
  json("Created", record.created_ns);
  json("Image", record.image_id);
  json("Layers", record.layers);
  json("Config", record.config);
  json("HostConfig", record.host);
  json("Args", record.args);
  json("Mounts", record.mounts);
  json("RestartCount", record.restart_count);
  json("StoppedByUser", record.stopped_by_user);
  json("State", record.state);
  json("Cgroup", record.cgroup);
}

std::string to_json(const Record& record) {
  return write_json(record);
}

std::string to_json(const Health& health) {
  return write_json(health);
}

Record parse_record(std::string_view json, const std::string& name) {
  Record record = read_own_json<Record>(json, name);
  if (record.id.empty()) throw Error(cat(name, ": Id: missing"));
  return record;
}

Health parse_health(std::string_view json, const std::string& name) {
  return read_own_json<Health>(json, name);
}

}  // namespace mini::engine
