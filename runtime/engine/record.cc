#include "runtime/engine/record.h"

#include <limits>
#include <type_traits>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini::engine {
namespace {

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

template <class Enum>
constexpr const char* const* names_of();
constexpr const char* kMountTypes[] = {"bind", "volume", "tmpfs", nullptr};
constexpr const char* kRestartKinds[] = {"no", "on-failure", "always", "unless-stopped", nullptr};
constexpr const char* kStatuses[] = {"created",  "running", "paused", "restarting",
                                     "removing", "exited",  "dead",   nullptr};
template <>
constexpr const char* const* names_of<MountRequest::Type>() {
  return kMountTypes;
}
template <>
constexpr const char* const* names_of<RestartPolicy::Kind>() {
  return kRestartKinds;
}
template <>
constexpr const char* const* names_of<Status>() {
  return kStatuses;
}

template <class T>
concept Described = requires {
  Fields<T>::visit([](auto&&...) {});
};

// --- writing ---

template <class T>
Json write(const T& value);
template <class T>
Json write(const std::vector<T>& values);
template <class T>
Json write(const std::set<T>& values);
template <class A, class B>
Json write(const std::pair<A, B>& value);

template <class T>
Json write(const std::optional<T>& value) {
  return value ? write(*value) : Json();
}
template <class T>
Json write_list(const T& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(write(value));
  return out;
}
template <class T>
Json write(const std::vector<T>& values) {
  return write_list(values);
}
template <class T>
Json write(const std::set<T>& values) {
  return write_list(values);
}
template <class A, class B>
Json write(const std::pair<A, B>& value) {
  return Json::array({write(value.first), write(value.second)});
}

template <class T>
Json write(const T& value) {
  if constexpr (Described<T>) {
    static const T kDefault{};
    Json out = Json::object();
    Fields<T>::visit([&](const char* name, auto member) {
      Json field = write(value.*member);
      if (field != write(kDefault.*member)) out[name] = std::move(field);
    });
    return out;
  } else if constexpr (std::is_enum_v<T>) {
    return names_of<T>()[static_cast<int>(value)];
  } else if constexpr (std::is_same_v<T, Digest>) {
    return value.empty() ? "" : value.str();
  } else {
    return value;
  }
}

// --- reading ---

template <class T>
void read(const JsonView& view, T& value);
template <class T>
void read(const JsonView& view, std::vector<T>& values);
template <class A, class B>
void read(const JsonView& view, std::pair<A, B>& value);

template <class T>
void read(const JsonView& view, std::optional<T>& value) {
  read(view, value.emplace());
}
template <class T>
void read(const JsonView& view, std::vector<T>& values) {
  for (const JsonView& item : view.items()) read(item, values.emplace_back());
}
void read(const JsonView& view, std::set<std::string>& values) {
  for (std::string& item : view.strings()) values.insert(std::move(item));
}
void read(const JsonView& view, std::map<std::string, std::string>& values) {
  values = view.string_map();
}
template <class A, class B>
void read(const JsonView& view, std::pair<A, B>& value) {
  const std::vector<JsonView> both = view.items();
  if (both.size() != 2) throw Error(cat(view.path(), ": expected two items"));
  read(both[0], value.first);
  read(both[1], value.second);
}

template <class T>
T narrow(const JsonView& view) {
  if constexpr (std::is_same_v<T, uint64_t>) {
    return view.unsigned_integer();
  } else {
    const int64_t number = view.integer();
    if (number < std::numeric_limits<T>::min() ||
        (sizeof(T) < sizeof number &&
         number > static_cast<int64_t>(std::numeric_limits<T>::max()))) {
      throw Error(cat(view.path(), ": out of range"));
    }
    return static_cast<T>(number);
  }
}

template <class Enum>
Enum read_enum(const JsonView& view) {
  const std::string text = view.string();
  for (int i = 0; names_of<Enum>()[i] != nullptr; ++i) {
    if (text == names_of<Enum>()[i]) return static_cast<Enum>(i);
  }
  throw Error(cat(view.path(), ": unknown value ", quoted(text)));
}

template <class T>
void read(const JsonView& view, T& value) {
  if constexpr (Described<T>) {
    Fields<T>::visit([&](const char* name, auto member) {
      if (const auto field = view.find(name)) read(*field, value.*member);
    });
  } else if constexpr (std::is_enum_v<T>) {
    value = read_enum<T>(view);
  } else if constexpr (std::is_same_v<T, Digest>) {
    value = Digest::parse(view.string());
  } else if constexpr (std::is_same_v<T, bool>) {
    value = view.boolean();
  } else if constexpr (std::is_integral_v<T>) {
    value = narrow<T>(view);
  } else {
    value = view.string();
  }
}

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

std::string to_json(const Record& record) {
  return canonical(write(record));
}

std::string to_json(const Health& health) {
  return canonical(write(health));
}

Record parse_record(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  Record record;
  read(JsonView(document, name), record);
  if (record.id.empty()) throw Error(cat(name, ": Id: missing"));
  return record;
}

Health parse_health(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  Health health;
  read(JsonView(document, name), health);
  return health;
}

}  // namespace mini::engine
