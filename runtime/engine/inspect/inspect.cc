#include "runtime/engine/inspect/inspect.h"

#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/inspect_network.h"
#include "runtime/engine/sandbox/sandbox.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::engine {
namespace {

OrderedJson time_or_never(int64_t ns) {
  return ns == 0 ? std::string(kZeroTime) : rfc3339_nano(ns);
}

// Docker prints null for a list that was never given.
template <class List>
OrderedJson list_or_null(const List& list) {
  return list.empty() ? OrderedJson(nullptr) : OrderedJson(list);
}

OrderedJson keys_as_objects(const std::set<std::string>& keys) {
  OrderedJson out = OrderedJson::object();
  for (const std::string& key : keys) out[key] = OrderedJson::object();
  return out;
}

OrderedJson health_json(const Health& health) {
  OrderedJson log = OrderedJson::array();
  for (const Health::Probe& probe : health.log) {
    log.push_back({{"Start", rfc3339_nano(probe.start_ns)},
                   {"End", rfc3339_nano(probe.end_ns)},
                   {"ExitCode", probe.exit_code},
                   {"Output", probe.output}});
  }
  return {
      {"Status", health.status}, {"FailingStreak", health.failing_streak}, {"Log", std::move(log)}};
}

OrderedJson state_json(const State& state) {
  OrderedJson out;
  out["Status"] = to_string(state.status);
  out["Running"] = state.status == Status::running || state.status == Status::paused ||
                   state.status == Status::restarting;
  out["Paused"] = state.status == Status::paused;
  out["Restarting"] = state.status == Status::restarting;
  out["OOMKilled"] = state.oom_killed;
  out["Dead"] = state.status == Status::dead;
  out["Pid"] = state.process.pid;
  out["ExitCode"] = state.exit_code;
  out["Error"] = state.error;
  out["StartedAt"] = time_or_never(state.started_ns);
  out["FinishedAt"] = time_or_never(state.finished_ns);
  if (!state.health.status.empty()) out["Health"] = health_json(state.health);
  return out;
}

OrderedJson healthcheck_json(const image::Healthcheck& check) {
  OrderedJson out = {{"Test", check.test}};
  if (check.interval_ns) out["Interval"] = check.interval_ns;
  if (check.timeout_ns) out["Timeout"] = check.timeout_ns;
  if (check.start_period_ns) out["StartPeriod"] = check.start_period_ns;
  if (check.start_interval_ns) out["StartInterval"] = check.start_interval_ns;
  if (check.retries) out["Retries"] = check.retries;
  return out;
}

OrderedJson config_json(const Record& record) {
  const Config& config = record.config;
  OrderedJson out;
  out["Hostname"] = host_name_of(record);
  out["Domainname"] = config.domainname;
  out["User"] = config.user;
  out["AttachStdin"] = config.attach_stdin;
  out["AttachStdout"] = config.attach_stdout;
  out["AttachStderr"] = config.attach_stderr;
  if (!config.exposed_ports.empty()) out["ExposedPorts"] = keys_as_objects(config.exposed_ports);
  out["Tty"] = config.tty;
  out["OpenStdin"] = config.open_stdin;
  out["StdinOnce"] = config.stdin_once;
  out["Env"] = config.env;
  out["Cmd"] = config.cmd ? OrderedJson(*config.cmd) : OrderedJson(nullptr);
  if (config.healthcheck) out["Healthcheck"] = healthcheck_json(*config.healthcheck);
  out["Image"] = config.image;
  out["Volumes"] = config.volumes.empty() ? OrderedJson(nullptr) : keys_as_objects(config.volumes);
  out["WorkingDir"] = config.working_dir;
  out["Entrypoint"] = config.entrypoint ? OrderedJson(*config.entrypoint) : OrderedJson(nullptr);
  out["OnBuild"] = nullptr;
  out["Labels"] = OrderedJson(config.labels);
  if (!config.stop_signal.empty()) out["StopSignal"] = config.stop_signal;
  if (config.stop_timeout) out["StopTimeout"] = *config.stop_timeout;
  return out;
}

// Only what is not the default.
OrderedJson log_options(const HostConfig& host) {
  const HostConfig standard;
  OrderedJson out = OrderedJson::object();
  if (host.log_max_files != standard.log_max_files)
    out["max-file"] = std::to_string(host.log_max_files);
  if (host.log_max_size != standard.log_max_size)
    out["max-size"] = std::to_string(host.log_max_size);
  return out;
}

// As written after the second colon of -v.
std::string mode_of(const HostConfig& host, const MountRequest& mount) {
  for (const std::string& bind : host.binds) {
    const std::vector<std::string> parts = split(bind, ':');
    if (parts.size() == 3 && parts[1] == mount.destination) return parts[2];
  }
  return {};
}

void add_limits(const HostConfig& host, OrderedJson& out) {
  out["CpuShares"] = host.cpu_shares;
  out["Memory"] = host.memory;
  out["NanoCpus"] = host.nano_cpus;
  out["CgroupParent"] = host.cgroup_parent;
  out["BlkioWeight"] = host.blkio_weight;
  out["BlkioWeightDevice"] = OrderedJson::array();
  for (const char* name :
       {"BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"})
    out[name] = nullptr;
  out["CpuPeriod"] = host.cpu_period;
  out["CpuQuota"] = host.cpu_quota;
  out["CpuRealtimePeriod"] = 0;
  out["CpuRealtimeRuntime"] = 0;
  out["CpusetCpus"] = host.cpuset_cpus;
  out["CpusetMems"] = host.cpuset_mems;
  OrderedJson devices = OrderedJson::array();
  for (const DeviceRequest& device : host.devices) {
    devices.push_back(
        {{"PathOnHost", device.host},
         {"PathInContainer", device.container.empty() ? device.host : device.container},
         {"CgroupPermissions", device.permissions}});
  }
  out["Devices"] = std::move(devices);
  out["DeviceCgroupRules"] = list_or_null(host.device_cgroup_rules);
  out["DeviceRequests"] = nullptr;
  out["MemoryReservation"] = host.memory_reservation;
  out["MemorySwap"] = host.memory_swap;
  out["MemorySwappiness"] =
      host.memory_swappiness ? OrderedJson(*host.memory_swappiness) : OrderedJson(nullptr);
  out["OomKillDisable"] = host.oom_kill_disable;
  out["PidsLimit"] = host.pids_limit > 0 ? OrderedJson(host.pids_limit) : OrderedJson(nullptr);
  OrderedJson ulimits = OrderedJson::array();
  for (const auto& [name, limits] : host.ulimits) {
    ulimits.push_back({{"Name", name}, {"Hard", limits.second}, {"Soft", limits.first}});
  }
  out["Ulimits"] = std::move(ulimits);
  for (const char* name : {"CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"})
    out[name] = 0;
  const HiddenPaths hidden = hidden_paths(host);
  out["MaskedPaths"] = hidden.masked;
  out["ReadonlyPaths"] = hidden.read_only;
}

OrderedJson host_config_json(const Record& record) {
  const HostConfig& host = record.host;
  OrderedJson out;
  out["Binds"] = list_or_null(host.binds);
  out["ContainerIDFile"] = host.container_id_file;
  out["LogConfig"] = {{"Type", host.log_driver}, {"Config", log_options(host)}};
  out["NetworkMode"] = host.network_mode;
  out["PortBindings"] = port_bindings(host.ports);
  out["RestartPolicy"] = {{"Name", to_string(host.restart.kind)},
                          {"MaximumRetryCount", host.restart.max_retries}};
  out["AutoRemove"] = host.auto_remove;
  out["VolumeDriver"] = "";
  out["VolumesFrom"] = nullptr;
  out["ConsoleSize"] = {0, 0};
  out["CapAdd"] = list_or_null(host.cap_add);
  out["CapDrop"] = list_or_null(host.cap_drop);
  out["CgroupnsMode"] = has_own_cgroup_namespace(host) ? "private" : "host";
  out["Dns"] = host.dns;
  out["DnsOptions"] = host.dns_options;
  out["DnsSearch"] = host.dns_search;
  out["ExtraHosts"] = list_or_null(host.extra_hosts);
  out["GroupAdd"] = list_or_null(host.group_add);
  out["IpcMode"] = host.ipc_mode.empty() ? "private" : host.ipc_mode;
  out["Cgroup"] = "";
  out["Links"] = nullptr;
  out["OomScoreAdj"] = host.oom_score_adj.value_or(0);
  out["PidMode"] = host.pid_mode;
  out["Privileged"] = host.privileged;
  out["PublishAllPorts"] = host.publish_all;
  out["ReadonlyRootfs"] = host.read_only;
  out["SecurityOpt"] = list_or_null(host.security_opt);
  out["UTSMode"] = host.uts_mode;
  out["UsernsMode"] = host.userns_mode;
  out["ShmSize"] = host.shm_size;
  if (!host.sysctls.empty()) out["Sysctls"] = host.sysctls;
  out["Runtime"] = "mini";
  out["Init"] = host.init;
  out["Isolation"] = "";
  add_limits(host, out);
  return out;
}

OrderedJson overlay_json(const std::vector<std::string>& lower_top_first,
                         const std::string& directory) {
  return {{"Name", "overlay2"},
          {"Data",
           {{"LowerDir", join(lower_top_first, ":")},
            {"MergedDir", directory + "/merged"},
            {"UpperDir", directory + "/upper"},
            {"WorkDir", directory + "/work"}}}};
}

void add_size(const ContainerStore& store, const Record& record, OrderedJson& out) {
  const uint64_t own = disk_usage(store.directory(record.id) + "/upper");
  const image::LayerStore layers(store.paths());
  uint64_t all = own;
  for (const Digest& diff_id : record.layers) {
    if (const auto layer = layers.find(diff_id)) all += layer->size;
  }
  out["SizeRw"] = own;
  out["SizeRootFs"] = all;
}

}  // namespace

OrderedJson inspect_mounts(const ContainerStore& store, const Record& record) {
  OrderedJson out = OrderedJson::array();
  const VolumeStore volumes(store.paths());
  for (const MountRequest& mount : record.mounts) {
    OrderedJson item = {{"Type", to_string(mount.type)}};
    const bool volume = mount.type == MountRequest::Type::volume;
    if (volume) item["Name"] = mount.source;
    item["Source"] = volume ? volumes.directory(mount.source) + "/_data" : mount.source;
    item["Destination"] = mount.destination;
    if (volume) item["Driver"] = "local";
    item["Mode"] = mode_of(record.host, mount);
    item["RW"] = !mount.read_only;
    item["Propagation"] = mount.type == MountRequest::Type::bind ? mount.propagation : "";
    out.push_back(std::move(item));
  }
  return out;
}

OrderedJson inspect_container(const ContainerStore& store, const Record& record, bool with_size) {
  const std::string directory = store.directory(record.id);
  OrderedJson out;
  out["Id"] = record.id;
  out["Created"] = rfc3339_nano(record.created_ns);
  out["Path"] = record.args.empty() ? "" : record.args[0];
  out["Args"] = std::vector<std::string>(record.args.begin() + (record.args.empty() ? 0 : 1),
                                         record.args.end());
  out["State"] = state_json(record.state);
  out["Image"] = record.image_id.empty() ? "" : record.image_id.str();
  out["ResolvConfPath"] = directory + "/resolv.conf";
  out["HostnamePath"] = directory + "/hostname";
  out["HostsPath"] = directory + "/hosts";
  out["LogPath"] = record.host.log_driver == "none" ? "" : store.log_path(record.id);
  out["Name"] = "/" + record.name;
  out["RestartCount"] = record.restart_count;
  out["Driver"] = "overlay2";
  out["Platform"] = "linux";
  for (const char* name : {"MountLabel", "ProcessLabel", "AppArmorProfile"}) out[name] = "";
  out["ExecIDs"] = nullptr;
  out["HostConfig"] = host_config_json(record);
  const image::LayerStore layers(store.paths());
  std::vector<std::string> lower;
  for (auto layer = record.layers.rbegin(); layer != record.layers.rend(); ++layer) {
    if (const auto found = layers.find(*layer)) lower.push_back(found->lower);
  }
  out["GraphDriver"] = overlay_json(lower, directory);
  if (with_size) add_size(store, record, out);
  out["Mounts"] = inspect_mounts(store, record);
  out["Config"] = config_json(record);
  out["NetworkSettings"] = network_settings(record);
  return out;
}

OrderedJson inspect_image(const image::ImageStore&, const image::Image& image) {
  const image::ImageConfig& config = image.config;
  OrderedJson out;
  out["Id"] = image.entry.id.str();
  OrderedJson tags = OrderedJson::array();
  for (const std::string& tag : image.entry.tags)
    tags.push_back(image::Reference::parse(tag).familiar());
  out["RepoTags"] = std::move(tags);
  out["RepoDigests"] = OrderedJson::array();
  for (const std::string& digest : image.entry.repo_digests)
    out["RepoDigests"].push_back(image::Reference::parse(digest).familiar());
  out["Parent"] = "";
  out["Comment"] = config.history.empty() ? "" : config.history.back().comment;
  out["Created"] = config.created.empty() ? kZeroTime : config.created;
  out["Author"] = config.author;
  OrderedJson own;
  own["Hostname"] = own["Domainname"] = "";
  own["User"] = config.user;
  if (!config.exposed_ports.empty()) own["ExposedPorts"] = keys_as_objects(config.exposed_ports);
  for (const char* name :
       {"AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce"})
    own[name] = false;
  own["Env"] = config.env;
  own["Cmd"] = config.cmd ? OrderedJson(*config.cmd) : OrderedJson(nullptr);
  if (config.healthcheck) own["Healthcheck"] = healthcheck_json(*config.healthcheck);
  own["Image"] = "";
  own["Volumes"] = config.volumes.empty() ? OrderedJson(nullptr) : keys_as_objects(config.volumes);
  own["WorkingDir"] = config.working_dir;
  own["Entrypoint"] = config.entrypoint ? OrderedJson(*config.entrypoint) : OrderedJson(nullptr);
  own["OnBuild"] = list_or_null(config.on_build);
  own["Labels"] = OrderedJson(config.labels);
  if (!config.stop_signal.empty()) own["StopSignal"] = config.stop_signal;
  if (!config.shell.empty()) own["Shell"] = config.shell;
  out["Config"] = std::move(own);
  out["Architecture"] = config.architecture;
  if (!config.variant.empty()) out["Variant"] = config.variant;
  out["Os"] = config.os;
  out["Size"] = image.entry.size;
  std::vector<std::string> lower, diff_ids;
  for (auto layer = image.layers.rbegin(); layer != image.layers.rend(); ++layer)
    lower.push_back(layer->lower);
  for (const Digest& diff_id : config.diff_ids) diff_ids.push_back(diff_id.str());
  out["GraphDriver"] = {{"Name", "overlay2"}, {"Data", {{"LowerDir", join(lower, ":")}}}};
  out["RootFS"] = {{"Type", "layers"}, {"Layers", diff_ids}};
  out["Metadata"] = {{"LastTagTime", time_or_never(image.entry.created_ns)}};
  return out;
}

OrderedJson inspect_volume(const Volume& volume, bool with_size) {
  OrderedJson out;
  out["CreatedAt"] = rfc3339_nano(volume.created_ns);
  out["Driver"] = "local";
  out["Labels"] = volume.labels.empty() ? OrderedJson(nullptr) : OrderedJson(volume.labels);
  out["Mountpoint"] = volume.mountpoint;
  out["Name"] = volume.name;
  out["Options"] = OrderedJson::object();
  out["Scope"] = "local";
  if (with_size) out["UsageData"] = {{"Size", disk_usage(volume.mountpoint)}};
  return out;
}

}  // namespace mini::engine
