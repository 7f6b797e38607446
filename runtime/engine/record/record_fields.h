// Which members of a record are written to JSON, and under which names: once for reading and
// writing. Included by record.cc only.
#pragma once

#include "runtime/engine/record/record.h"

namespace mini::engine {

// Each structure names its members once, for reading and for writing. What has its default value is
// not written: `ps` reads a thousand records.
template <class T>
struct Fields;

template <>
struct Fields<MountRequest> {
  static void visit(auto&& field) {
    using T = MountRequest;
    field("Type", &T::type);
    field("Source", &T::source);
    field("Destination", &T::destination);
    field("ReadOnly", &T::read_only);
    field("NoCopy", &T::no_copy);
    field("CreateHostPath", &T::create_host_path);
    field("Recursive", &T::recursive);
    field("Propagation", &T::propagation);
    field("TmpfsSize", &T::tmpfs_size);
    field("TmpfsMode", &T::tmpfs_mode);
    field("TmpfsOptions", &T::tmpfs_options);
    field("Anonymous", &T::anonymous);
  }
};

template <>
struct Fields<DeviceRequest> {
  static void visit(auto&& field) {
    field("PathOnHost", &DeviceRequest::host);
    field("PathInContainer", &DeviceRequest::container);
    field("CgroupPermissions", &DeviceRequest::permissions);
  }
};

template <>
struct Fields<NetworkRequest> {
  static void visit(auto&& field) {
    field("Name", &NetworkRequest::name);
    field("Aliases", &NetworkRequest::aliases);
    field("IPAddress", &NetworkRequest::address);
    field("GlobalIPv6Address", &NetworkRequest::address6);
    field("MacAddress", &NetworkRequest::mac);
  }
};

template <>
struct Fields<PortRequest> {
  static void visit(auto&& field) {
    field("HostIp", &PortRequest::host_address);
    field("HostPort", &PortRequest::host_port);
    field("HostPortLast", &PortRequest::host_port_last);
    field("ContainerPort", &PortRequest::container_port);
    field("Protocol", &PortRequest::protocol);
  }
};

template <>
struct Fields<RestartPolicy> {
  static void visit(auto&& field) {
    field("Name", &RestartPolicy::kind);
    field("MaximumRetryCount", &RestartPolicy::max_retries);
  }
};

template <>
struct Fields<image::Healthcheck> {
  static void visit(auto&& field) {
    using T = image::Healthcheck;
    field("Test", &T::test);
    field("Interval", &T::interval_ns);
    field("Timeout", &T::timeout_ns);
    field("StartPeriod", &T::start_period_ns);
    field("StartInterval", &T::start_interval_ns);
    field("Retries", &T::retries);
  }
};

template <>
struct Fields<Config> {
  static void visit(auto&& field) {
    using T = Config;
    field("Hostname", &T::hostname);
    field("Domainname", &T::domainname);
    field("User", &T::user);
    field("WorkingDir", &T::working_dir);
    field("Image", &T::image);
    field("Env", &T::env);
    field("Entrypoint", &T::entrypoint);
    field("Cmd", &T::cmd);
    field("Labels", &T::labels);
    field("ExposedPorts", &T::exposed_ports);
    field("Volumes", &T::volumes);
    field("Tty", &T::tty);
    field("OpenStdin", &T::open_stdin);
    field("StdinOnce", &T::stdin_once);
    field("AttachStdin", &T::attach_stdin);
    field("AttachStdout", &T::attach_stdout);
    field("AttachStderr", &T::attach_stderr);
    field("StopSignal", &T::stop_signal);
    field("StopTimeout", &T::stop_timeout);
    field("Healthcheck", &T::healthcheck);
  }
};

template <>
struct Fields<HostConfig> {
  static void visit(auto&& field) {
    visit_modes(field);
    visit_limits(field);
  }

  static void visit_modes(auto&& field) {
    using T = HostConfig;
    field("Mounts", &T::mounts);
    field("Binds", &T::binds);
    field("NetworkMode", &T::network_mode);
    field("Networks", &T::networks);
    field("Ports", &T::ports);
    field("PublishAllPorts", &T::publish_all);
    field("PidMode", &T::pid_mode);
    field("IpcMode", &T::ipc_mode);
    field("UTSMode", &T::uts_mode);
    field("CgroupnsMode", &T::cgroupns_mode);
    field("UsernsMode", &T::userns_mode);
    field("RestartPolicy", &T::restart);
    field("AutoRemove", &T::auto_remove);
    field("Privileged", &T::privileged);
    field("ReadonlyRootfs", &T::read_only);
    field("Init", &T::init);
    field("CapAdd", &T::cap_add);
    field("CapDrop", &T::cap_drop);
    field("GroupAdd", &T::group_add);
    field("SecurityOpt", &T::security_opt);
    field("ExtraHosts", &T::extra_hosts);
    field("Dns", &T::dns);
    field("DnsSearch", &T::dns_search);
    field("DnsOptions", &T::dns_options);
    field("LogDriver", &T::log_driver);
    field("LogMaxSize", &T::log_max_size);
    field("LogMaxFiles", &T::log_max_files);
    field("ContainerIDFile", &T::container_id_file);
  }

  static void visit_limits(auto&& field) {
    using T = HostConfig;
    field("Memory", &T::memory);
    field("MemorySwap", &T::memory_swap);
    field("MemoryReservation", &T::memory_reservation);
    field("MemorySwappiness", &T::memory_swappiness);
    field("OomKillDisable", &T::oom_kill_disable);
    field("NanoCpus", &T::nano_cpus);
    field("CpuShares", &T::cpu_shares);
    field("CpuPeriod", &T::cpu_period);
    field("CpuQuota", &T::cpu_quota);
    field("CpusetCpus", &T::cpuset_cpus);
    field("CpusetMems", &T::cpuset_mems);
    field("PidsLimit", &T::pids_limit);
    field("BlkioWeight", &T::blkio_weight);
    field("OomScoreAdj", &T::oom_score_adj);
    field("ShmSize", &T::shm_size);
    field("Ulimits", &T::ulimits);
    field("Sysctls", &T::sysctls);
    field("Devices", &T::devices);
    field("DeviceCgroupRules", &T::device_cgroup_rules);
    field("CgroupParent", &T::cgroup_parent);
  }
};

template <>
struct Fields<ProcessId> {
  static void visit(auto&& field) {
    field("Pid", &ProcessId::pid);
    field("StartTime", &ProcessId::start_time);
    field("Boot", &ProcessId::boot);
  }
};

template <>
struct Fields<Health::Probe> {
  static void visit(auto&& field) {
    field("Start", &Health::Probe::start_ns);
    field("End", &Health::Probe::end_ns);
    field("ExitCode", &Health::Probe::exit_code);
    field("Output", &Health::Probe::output);
  }
};

template <>
struct Fields<Health> {
  static void visit(auto&& field) {
    field("Status", &Health::status);
    field("FailingStreak", &Health::failing_streak);
    field("Log", &Health::log);
  }
};

template <>
struct Fields<Endpoint> {
  static void visit(auto&& field) {
    using T = Endpoint;
    field("Network", &T::network);
    field("NetworkID", &T::network_id);
    field("Interface", &T::interface);
    field("HostInterface", &T::host_interface);
    field("IPAddress", &T::address);
    field("Gateway", &T::gateway);
    field("GlobalIPv6Address", &T::address6);
    field("IPv6Gateway", &T::gateway6);
    field("MacAddress", &T::mac);
    field("IPPrefixLen", &T::prefix);
    field("GlobalIPv6PrefixLen", &T::prefix6);
    field("DNSNames", &T::names);
  }
};

template <>
struct Fields<PublishedPort> {
  static void visit(auto&& field) {
    field("HostIp", &PublishedPort::host_address);
    field("HostPort", &PublishedPort::host_port);
    field("ContainerPort", &PublishedPort::container_port);
    field("Protocol", &PublishedPort::protocol);
  }
};

template <>
struct Fields<State> {
  static void visit(auto&& field) {
    field("Status", &State::status);
    field("ExitCode", &State::exit_code);
    field("OOMKilled", &State::oom_killed);
    field("Error", &State::error);
    field("Started", &State::started_ns);
    field("Finished", &State::finished_ns);
    field("Process", &State::process);
    field("Monitor", &State::monitor);
    field("Endpoints", &State::endpoints);
    field("Ports", &State::ports);
    field("HeldPorts", &State::held_ports);
    field("LastAddresses", &State::last_addresses);
    field("Health", &State::health);
  }
};

template <>
struct Fields<Record> {
  static void visit(auto&& field) {
    using T = Record;
    field("Id", &T::id);
    field("Name", &T::name);
    field("Created", &T::created_ns);
    field("Image", &T::image_id);
    field("Layers", &T::layers);
    field("Config", &T::config);
    field("HostConfig", &T::host);
    field("Args", &T::args);
    field("Mounts", &T::mounts);
    field("RestartCount", &T::restart_count);
    field("StoppedByUser", &T::stopped_by_user);
    field("State", &T::state);
    field("Cgroup", &T::cgroup);
  }
};

}  // namespace mini::engine
