// config.json -> Spec, property by property in the specification's order.
#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {
namespace {

[[noreturn]] void refuse(const JsonView& view, const std::string& why) {
  throw Error(cat(view.path(), ": ", why));
}

template <class Number>
Number number(const JsonView& view) {
  const bool negative_allowed = std::is_signed_v<Number>;
  if (negative_allowed) {
    const int64_t value = view.integer();
    if (static_cast<int64_t>(static_cast<Number>(value)) != value)
      refuse(view, "number out of range");
    return static_cast<Number>(value);
  }
  const uint64_t value = view.unsigned_integer();
  if (static_cast<uint64_t>(static_cast<Number>(value)) != value)
    refuse(view, "number out of range");
  return static_cast<Number>(value);
}

template <class Number>
void read(const JsonView& view, const char* key, Number& out) {
  if (const auto found = view.find(key)) out = number<Number>(*found);
}

template <class Number>
void read(const JsonView& view, const char* key, std::optional<Number>& out) {
  if (const auto found = view.find(key)) out = number<Number>(*found);
}

void read(const JsonView& view, const char* key, std::optional<bool>& out) {
  if (const auto found = view.find(key)) out = found->boolean();
}

template <class Value, class Parse>
std::vector<Value> list(const JsonView& view, const char* key, Parse parse) {
  std::vector<Value> out;
  if (const auto found = view.find(key)) {
    for (const auto& item : found->items()) out.push_back(parse(item));
  }
  return out;
}

void refuse_if_present(const JsonView& view, const char* key) {
  const auto found = view.find(key);
  if (found && !found->json().empty()) refuse(*found, "is not supported by mini");
}

Rlimit parse_rlimit(const JsonView& view) {
  return {view.at("type").string(), number<uint64_t>(view.at("soft")),
          number<uint64_t>(view.at("hard"))};
}

Capabilities parse_capabilities(const JsonView& view) {
  return {view.strings_or("bounding"), view.strings_or("effective"), view.strings_or("inheritable"),
          view.strings_or("permitted"), view.strings_or("ambient")};
}

User parse_user(const JsonView& view) {
  User user;
  read(view, "uid", user.uid);
  read(view, "gid", user.gid);
  read(view, "umask", user.umask);
  user.additional_gids = list<uint32_t>(view, "additionalGids", number<uint32_t>);
  return user;
}

Process::Scheduler parse_scheduler(const JsonView& view) {
  Process::Scheduler out;
  out.policy = view.at("policy").string();
  read(view, "nice", out.nice);
  read(view, "priority", out.priority);
  out.flags = view.strings_or("flags");
  read(view, "runtime", out.runtime);
  read(view, "deadline", out.deadline);
  read(view, "period", out.period);
  return out;
}

std::vector<std::string> parse_env(const JsonView& view) {
  auto out = view.strings_or("env");
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i].find('=') == std::string::npos || out[i][0] == '=') {
      throw Error(cat(view.path(), ".env[", i, "]: ", quoted(out[i]), " is not NAME=value"));
    }
  }
  return out;
}

Process parse_process_view(const JsonView& view) {
  Process out;
  out.terminal = view.boolean_or("terminal");
  if (const auto size = view.find("consoleSize")) {
    read(*size, "height", out.console_height);
    read(*size, "width", out.console_width);
  }
  if (const auto user = view.find("user")) out.user = parse_user(*user);
  out.args = view.strings_or("args");
  out.env = parse_env(view);
  out.cwd = view.at("cwd").string();
  if (const auto found = view.find("capabilities")) out.capabilities = parse_capabilities(*found);
  out.rlimits = list<Rlimit>(view, "rlimits", parse_rlimit);
  out.no_new_privileges = view.boolean_or("noNewPrivileges");
  read(view, "oomScoreAdj", out.oom_score_adj);
  if (out.oom_score_adj && (*out.oom_score_adj < -1000 || *out.oom_score_adj > 1000)) {
    refuse(view.at("oomScoreAdj"), "must be between -1000 and 1000");
  }
  out.apparmor_profile = view.string_or("apparmorProfile");
  out.selinux_label = view.string_or("selinuxLabel");
  if (const auto found = view.find("scheduler")) out.scheduler = parse_scheduler(*found);
  if (const auto found = view.find("ioPriority")) {
    out.io_priority = Process::IoPriority{found->at("class").string(), 0};
    read(*found, "priority", out.io_priority->priority);
  }
  refuse_if_present(view, "execCPUAffinity");
  return out;
}

template <class Map>
Map parse_id_map(const JsonView& view) {
  return {number<uint32_t>(view.at("containerID")), number<uint32_t>(view.at("hostID")),
          number<uint32_t>(view.at("size"))};
}

Mount parse_mount(const JsonView& view) {
  Mount out;
  out.destination = view.at("destination").string();
  out.type = view.string_or("type");
  out.source = view.string_or("source");
  out.options = view.strings_or("options");
  out.uid_mappings = list<Mount::IdMapping>(view, "uidMappings", parse_id_map<Mount::IdMapping>);
  out.gid_mappings = list<Mount::IdMapping>(view, "gidMappings", parse_id_map<Mount::IdMapping>);
  return out;
}

Hook parse_hook(const JsonView& view) {
  Hook out;
  out.path = view.at("path").string();
  if (out.path.empty() || out.path[0] != '/') refuse(view.at("path"), "must be an absolute path");
  out.args = view.strings_or("args");
  out.env = view.strings_or("env");
  read(view, "timeout", out.timeout);
  if (out.timeout && *out.timeout <= 0) refuse(view.at("timeout"), "must be greater than zero");
  return out;
}

Hooks parse_hooks(const JsonView& view) {
  Hooks out;
  out.prestart = list<Hook>(view, "prestart", parse_hook);
  out.create_runtime = list<Hook>(view, "createRuntime", parse_hook);
  out.create_container = list<Hook>(view, "createContainer", parse_hook);
  out.start_container = list<Hook>(view, "startContainer", parse_hook);
  out.poststart = list<Hook>(view, "poststart", parse_hook);
  out.poststop = list<Hook>(view, "poststop", parse_hook);
  return out;
}

Device parse_device(const JsonView& view) {
  Device out;
  out.path = view.at("path").string();
  out.type = view.at("type").string();
  read(view, "major", out.major);
  read(view, "minor", out.minor);
  read(view, "fileMode", out.file_mode);
  read(view, "uid", out.uid);
  read(view, "gid", out.gid);
  return out;
}

DeviceRule parse_device_rule(const JsonView& view) {
  DeviceRule out;
  out.allow = view.at("allow").boolean();
  out.type = view.string_or("type", "a");
  if (out.type.empty()) out.type = "a";
  read(view, "major", out.major);
  read(view, "minor", out.minor);
  // -1 is how Go programs write "all".
  if (out.major == -1) out.major.reset();
  if (out.minor == -1) out.minor.reset();
  out.access = view.string_or("access", "rwm");
  return out;
}

void parse_memory(const JsonView& view, Resources::Memory& out) {
  read(view, "limit", out.limit);
  read(view, "reservation", out.reservation);
  read(view, "swap", out.swap);
  read(view, "kernel", out.kernel);
  read(view, "swappiness", out.swappiness);
  read(view, "disableOOMKiller", out.disable_oom_killer);
}

void parse_cpu(const JsonView& view, Resources::Cpu& out) {
  read(view, "shares", out.shares);
  read(view, "quota", out.quota);
  read(view, "period", out.period);
  read(view, "burst", out.burst);
  read(view, "realtimeRuntime", out.realtime_runtime);
  read(view, "realtimePeriod", out.realtime_period);
  read(view, "idle", out.idle);
  out.cpus = view.string_or("cpus");
  out.mems = view.string_or("mems");
}

Resources::BlockIo::Throttle parse_throttle(const JsonView& view) {
  return {number<int64_t>(view.at("major")), number<int64_t>(view.at("minor")),
          number<uint64_t>(view.at("rate"))};
}

void parse_block_io(const JsonView& view, Resources::BlockIo& out) {
  using Throttle = Resources::BlockIo::Throttle;
  read(view, "weight", out.weight);
  refuse_if_present(view, "leafWeight");
  refuse_if_present(view, "weightDevice");
  out.read_bps = list<Throttle>(view, "throttleReadBpsDevice", parse_throttle);
  out.write_bps = list<Throttle>(view, "throttleWriteBpsDevice", parse_throttle);
  out.read_iops = list<Throttle>(view, "throttleReadIOPSDevice", parse_throttle);
  out.write_iops = list<Throttle>(view, "throttleWriteIOPSDevice", parse_throttle);
}

Resources parse_resources(const JsonView& view) {
  Resources out;
  out.devices = list<DeviceRule>(view, "devices", parse_device_rule);
  if (const auto found = view.find("memory")) parse_memory(*found, out.memory);
  if (const auto found = view.find("cpu")) parse_cpu(*found, out.cpu);
  if (const auto found = view.find("pids")) read(*found, "limit", out.pids_limit);
  if (const auto found = view.find("blockIO")) parse_block_io(*found, out.block_io);
  for (const auto& item :
       list<JsonView>(view, "hugepageLimits", [](const JsonView& limit) { return limit; })) {
    out.hugepage_limits.emplace_back(item.at("pageSize").string(),
                                     number<uint64_t>(item.at("limit")));
  }
  refuse_if_present(view, "network");
  refuse_if_present(view, "rdma");
  out.unified = view.string_map_or("unified");
  return out;
}

SeccompArg parse_seccomp_arg(const JsonView& view) {
  SeccompArg out;
  read(view, "index", out.index);
  read(view, "value", out.value);
  read(view, "valueTwo", out.value_two);
  out.op = view.at("op").string();
  return out;
}

SeccompRule parse_seccomp_rule(const JsonView& view) {
  SeccompRule out;
  out.names = view.at("names").strings();
  out.action = view.at("action").string();
  read(view, "errnoRet", out.errno_ret);
  out.args = list<SeccompArg>(view, "args", parse_seccomp_arg);
  return out;
}

Seccomp parse_seccomp(const JsonView& view) {
  Seccomp out;
  out.default_action = view.at("defaultAction").string();
  read(view, "defaultErrnoRet", out.default_errno_ret);
  out.architectures = view.strings_or("architectures");
  out.flags = view.strings_or("flags");
  out.listener_path = view.string_or("listenerPath");
  out.listener_metadata = view.string_or("listenerMetadata");
  out.syscalls = list<SeccompRule>(view, "syscalls", parse_seccomp_rule);
  return out;
}

Linux parse_linux(const JsonView& view) {
  Linux out;
  out.namespaces = list<Namespace>(view, "namespaces", [](const JsonView& item) {
    Namespace ns{item.at("type").string(), item.string_or("path")};
    if (!ns.path.empty() && ns.path[0] != '/') refuse(item.at("path"), "must be an absolute path");
    return ns;
  });
  out.uid_mappings = list<IdMap>(view, "uidMappings", parse_id_map<IdMap>);
  out.gid_mappings = list<IdMap>(view, "gidMappings", parse_id_map<IdMap>);
  out.devices = list<Device>(view, "devices", parse_device);
  out.cgroups_path = view.string_or("cgroupsPath");
  if (const auto found = view.find("resources")) out.resources = parse_resources(*found);
  out.rootfs_propagation = view.string_or("rootfsPropagation");
  if (const auto found = view.find("seccomp")) out.seccomp = parse_seccomp(*found);
  out.sysctl = view.string_map_or("sysctl");
  out.masked_paths = view.strings_or("maskedPaths");
  out.readonly_paths = view.strings_or("readonlyPaths");
  out.mount_label = view.string_or("mountLabel");
  if (const auto found = view.find("personality")) {
    out.personality = Linux::Personality{found->at("domain").string(), found->strings_or("flags")};
  }
  for (const char* key : {"intelRdt", "timeOffsets", "netDevices", "memoryPolicy"})
    refuse_if_present(view, key);
  return out;
}

}  // namespace

Process parse_process(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  return parse_process_view(JsonView(document, cat(name, ": process")));
}

Spec parse_spec(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  const JsonView view(document, name);
  Spec out;
  out.oci_version = view.at("ociVersion").string();
  if (!out.oci_version.starts_with("1."))
    refuse(view.at("ociVersion"), cat(quoted(out.oci_version), " is not 1.x"));
  if (const auto root = view.find("root")) {
    out.root.path = root->at("path").string();
    out.root.readonly = root->boolean_or("readonly");
  }
  if (const auto process = view.find("process")) out.process = parse_process_view(*process);
  out.hostname = view.string_or("hostname");
  out.domainname = view.string_or("domainname");
  out.mounts = list<Mount>(view, "mounts", parse_mount);
  if (const auto hooks = view.find("hooks")) out.hooks = parse_hooks(*hooks);
  out.annotations = view.string_map_or("annotations");
  if (const auto found = view.find("linux")) out.linux_ = parse_linux(*found);
  return out;
}

}  // namespace mini::container
