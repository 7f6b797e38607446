// Spec -> config.json, the inverse of spec_parse.cc: what is empty is left out.
#include "runtime/base/json.h"
#include "runtime/container/seccomp/seccomp.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {
namespace {

template <class Value>
void put(OrderedJson& json, const char* key, const Value& value) {
  if constexpr (requires { value.has_value(); }) {
    if (value) json[key] = *value;
  } else if constexpr (requires { value.empty(); }) {
    if (!value.empty()) json[key] = value;
  } else {
    json[key] = value;
  }
}

template <class Values, class Convert>
void put_list(OrderedJson& json, const char* key, const Values& values, Convert convert) {
  if (values.empty()) return;
  OrderedJson list = OrderedJson::array();
  for (const auto& value : values) list.push_back(convert(value));
  json[key] = std::move(list);
}

void put_object(OrderedJson& json, const char* key, OrderedJson value) {
  if (!value.empty()) json[key] = std::move(value);
}

OrderedJson user_json(const User& user) {
  OrderedJson json;
  json["uid"] = user.uid;
  json["gid"] = user.gid;
  put(json, "umask", user.umask);
  put(json, "additionalGids", user.additional_gids);
  return json;
}

OrderedJson capabilities_json(const Capabilities& sets) {
  OrderedJson json = OrderedJson::object();
  put(json, "bounding", sets.bounding);
  put(json, "effective", sets.effective);
  put(json, "inheritable", sets.inheritable);
  put(json, "permitted", sets.permitted);
  put(json, "ambient", sets.ambient);
  return json;
}

OrderedJson scheduler_json(const Process::Scheduler& value) {
  OrderedJson json;
  json["policy"] = value.policy;
  json["nice"] = value.nice;
  json["priority"] = value.priority;
  put(json, "flags", value.flags);
  json["runtime"] = value.runtime;
  json["deadline"] = value.deadline;
  json["period"] = value.period;
  return json;
}

OrderedJson process_json(const Process& process) {
  OrderedJson json;
  json["terminal"] = process.terminal;
  if (process.console_height || process.console_width) {
    json["consoleSize"] = {{"height", process.console_height}, {"width", process.console_width}};
  }
  json["user"] = user_json(process.user);
  json["args"] = process.args;
  put(json, "env", process.env);
  json["cwd"] = process.cwd;
  if (process.capabilities) json["capabilities"] = capabilities_json(*process.capabilities);
  put_list(json, "rlimits", process.rlimits, [](const Rlimit& limit) {
    return OrderedJson{{"type", limit.type}, {"hard", limit.hard}, {"soft", limit.soft}};
  });
  json["noNewPrivileges"] = process.no_new_privileges;
  put(json, "oomScoreAdj", process.oom_score_adj);
  put(json, "apparmorProfile", process.apparmor_profile);
  put(json, "selinuxLabel", process.selinux_label);
  if (process.scheduler) json["scheduler"] = scheduler_json(*process.scheduler);
  if (process.io_priority) {
    json["ioPriority"] = {{"class", process.io_priority->cls},
                          {"priority", process.io_priority->priority}};
  }
  return json;
}

template <class Map>
OrderedJson id_map_json(const Map& map) {
  return {{"containerID", map.container_id}, {"hostID", map.host_id}, {"size", map.size}};
}

OrderedJson mount_json(const Mount& mount) {
  OrderedJson json;
  json["destination"] = mount.destination;
  put(json, "type", mount.type);
  put(json, "source", mount.source);
  put(json, "options", mount.options);
  put_list(json, "uidMappings", mount.uid_mappings, id_map_json<Mount::IdMapping>);
  put_list(json, "gidMappings", mount.gid_mappings, id_map_json<Mount::IdMapping>);
  return json;
}

OrderedJson hooks_json(const Hooks& hooks) {
  const auto hook_json = [](const Hook& hook) {
    OrderedJson json;
    json["path"] = hook.path;
    put(json, "args", hook.args);
    put(json, "env", hook.env);
    put(json, "timeout", hook.timeout);
    return json;
  };
  OrderedJson json = OrderedJson::object();
  put_list(json, "prestart", hooks.prestart, hook_json);
  put_list(json, "createRuntime", hooks.create_runtime, hook_json);
  put_list(json, "createContainer", hooks.create_container, hook_json);
  put_list(json, "startContainer", hooks.start_container, hook_json);
  put_list(json, "poststart", hooks.poststart, hook_json);
  put_list(json, "poststop", hooks.poststop, hook_json);
  return json;
}

OrderedJson device_json(const Device& device) {
  OrderedJson json;
  json["path"] = device.path;
  json["type"] = device.type;
  json["major"] = device.major;
  json["minor"] = device.minor;
  put(json, "fileMode", device.file_mode);
  put(json, "uid", device.uid);
  put(json, "gid", device.gid);
  return json;
}

OrderedJson device_rule_json(const DeviceRule& rule) {
  OrderedJson json;
  json["allow"] = rule.allow;
  json["type"] = rule.type;
  put(json, "major", rule.major);
  put(json, "minor", rule.minor);
  json["access"] = rule.access;
  return json;
}

OrderedJson memory_json(const Resources::Memory& memory) {
  OrderedJson json = OrderedJson::object();
  put(json, "limit", memory.limit);
  put(json, "reservation", memory.reservation);
  put(json, "swap", memory.swap);
  put(json, "kernel", memory.kernel);
  put(json, "swappiness", memory.swappiness);
  put(json, "disableOOMKiller", memory.disable_oom_killer);
  return json;
}

OrderedJson cpu_json(const Resources::Cpu& cpu) {
  OrderedJson json = OrderedJson::object();
  put(json, "shares", cpu.shares);
  put(json, "quota", cpu.quota);
  put(json, "period", cpu.period);
  put(json, "burst", cpu.burst);
  put(json, "realtimeRuntime", cpu.realtime_runtime);
  put(json, "realtimePeriod", cpu.realtime_period);
  put(json, "idle", cpu.idle);
  put(json, "cpus", cpu.cpus);
  put(json, "mems", cpu.mems);
  return json;
}

OrderedJson block_io_json(const Resources::BlockIo& block) {
  const auto throttle = [](const Resources::BlockIo::Throttle& value) {
    return OrderedJson{{"major", value.major}, {"minor", value.minor}, {"rate", value.rate}};
  };
  OrderedJson json = OrderedJson::object();
  put(json, "weight", block.weight);
  put_list(json, "throttleReadBpsDevice", block.read_bps, throttle);
  put_list(json, "throttleWriteBpsDevice", block.write_bps, throttle);
  put_list(json, "throttleReadIOPSDevice", block.read_iops, throttle);
  put_list(json, "throttleWriteIOPSDevice", block.write_iops, throttle);
  return json;
}

OrderedJson resources_json(const Resources& resources) {
  OrderedJson json = OrderedJson::object();
  put_list(json, "devices", resources.devices, device_rule_json);
  put_object(json, "memory", memory_json(resources.memory));
  put_object(json, "cpu", cpu_json(resources.cpu));
  if (resources.pids_limit) json["pids"] = {{"limit", *resources.pids_limit}};
  put_object(json, "blockIO", block_io_json(resources.block_io));
  put_list(json, "hugepageLimits", resources.hugepage_limits, [](const auto& limit) {
    return OrderedJson{{"pageSize", limit.first}, {"limit", limit.second}};
  });
  put(json, "unified", resources.unified);
  return json;
}

OrderedJson seccomp_rule_json(const SeccompRule& rule) {
  OrderedJson json;
  json["names"] = rule.names;
  json["action"] = rule.action;
  put(json, "errnoRet", rule.errno_ret);
  put_list(json, "args", rule.args, [](const SeccompArg& arg) {
    return OrderedJson{
        {"index", arg.index}, {"value", arg.value}, {"valueTwo", arg.value_two}, {"op", arg.op}};
  });
  return json;
}

OrderedJson seccomp_json(const Seccomp& seccomp) {
  OrderedJson json;
  json["defaultAction"] = seccomp.default_action;
  put(json, "defaultErrnoRet", seccomp.default_errno_ret);
  put(json, "architectures", seccomp.architectures);
  put(json, "flags", seccomp.flags);
  put(json, "listenerPath", seccomp.listener_path);
  put(json, "listenerMetadata", seccomp.listener_metadata);
  put_list(json, "syscalls", seccomp.syscalls, seccomp_rule_json);
  return json;
}

OrderedJson linux_json(const Spec& spec) {
  const Linux& value = spec.linux_;
  OrderedJson json = OrderedJson::object();
  put_list(json, "namespaces", value.namespaces, [](const Namespace& ns) {
    OrderedJson out;
    out["type"] = ns.type;
    put(out, "path", ns.path);
    return out;
  });
  put_list(json, "uidMappings", value.uid_mappings, id_map_json<IdMap>);
  put_list(json, "gidMappings", value.gid_mappings, id_map_json<IdMap>);
  put_list(json, "devices", value.devices, device_json);
  put(json, "cgroupsPath", value.cgroups_path);
  put_object(json, "resources", resources_json(value.resources));
  put(json, "rootfsPropagation", value.rootfs_propagation);
  if (value.seccomp) {
    // The built-in profile is written out, for whoever reads the file.
    static const std::vector<std::string> kNone;
    const bool has_sets = spec.process && spec.process->capabilities;
    const auto& bounding = has_sets ? spec.process->capabilities->bounding : kNone;
    json["seccomp"] = seccomp_json(value.seccomp->builtin_default ? default_seccomp_rules(bounding)
                                                                  : *value.seccomp);
  }
  put(json, "sysctl", value.sysctl);
  put(json, "maskedPaths", value.masked_paths);
  put(json, "readonlyPaths", value.readonly_paths);
  put(json, "mountLabel", value.mount_label);
  if (value.personality) {
    json["personality"] = {{"domain", value.personality->domain}};
    put(json["personality"], "flags", value.personality->flags);
  }
  return json;
}

}  // namespace

std::string spec_to_json(const Spec& spec) {
  OrderedJson json;
  json["ociVersion"] = spec.oci_version;
  if (spec.process) json["process"] = process_json(*spec.process);
  json["root"] = {{"path", spec.root.path}, {"readonly", spec.root.readonly}};
  put(json, "hostname", spec.hostname);
  put(json, "domainname", spec.domainname);
  put_list(json, "mounts", spec.mounts, mount_json);
  put_object(json, "hooks", hooks_json(spec.hooks));
  put(json, "annotations", spec.annotations);
  put_object(json, "linux", linux_json(spec));
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace mini::container
