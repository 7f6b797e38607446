// Spec <-> config.json: the members of each struct, in the specification's order.
#include "runtime/base/error.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/container/seccomp/seccomp.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {

static void describe(JsonMembers& json, Rlimit& limit) {
  json.required("type", limit.type);
  json.required("hard", limit.hard);
  json.required("soft", limit.soft);
}

static void describe(JsonMembers& json, Capabilities& sets) {
  json("bounding", sets.bounding);
  json("effective", sets.effective);
  json("inheritable", sets.inheritable);
  json("permitted", sets.permitted);
  json("ambient", sets.ambient);
}

static void describe(JsonMembers& json, User& user) {
  json.always("uid", user.uid);
  json.always("gid", user.gid);
  json("umask", user.umask);
  json("additionalGids", user.additional_gids);
}

static void describe(JsonMembers& json, Process::Scheduler& scheduler) {
  json.required("policy", scheduler.policy);
  json.always("nice", scheduler.nice);
  json.always("priority", scheduler.priority);
  json("flags", scheduler.flags);
  json.always("runtime", scheduler.runtime);
  json.always("deadline", scheduler.deadline);
  json.always("period", scheduler.period);
}

static void describe(JsonMembers& json, Process::IoPriority& priority) {
  json.required("class", priority.cls);
  json.always("priority", priority.priority);
}

static void describe(JsonMembers& json, Process::ConsoleSize& size) {
  json.always("height", size.height);
  json.always("width", size.width);
}

static void describe(JsonMembers& json, Process& process) {
  json.always("terminal", process.terminal);
  json("consoleSize", process.console_size);
  json.always("user", process.user);
  json.always("args", process.args);
  json("env", process.env);
  for (size_t i = 0; i < process.env.size(); ++i) {
    const std::string& entry = process.env[i];
    json.check(entry.find('=', 1) != entry.npos && entry[0] != '=', cat("env[", i, ']'),
               cat(quoted(entry), " is not NAME=value"));
  }
  json.required("cwd", process.cwd);
  json("capabilities", process.capabilities);
  json("rlimits", process.rlimits);
  json.always("noNewPrivileges", process.no_new_privileges);
  json("oomScoreAdj", process.oom_score_adj);
  json.range("oomScoreAdj", -1000, 1000);
  json("apparmorProfile", process.apparmor_profile);
  json("selinuxLabel", process.selinux_label);
  json("scheduler", process.scheduler);
  json("ioPriority", process.io_priority);
  json.unsupported("execCPUAffinity");
}

static void describe(JsonMembers& json, IdMap& map) {
  json.required("containerID", map.container_id);
  json.required("hostID", map.host_id);
  json.required("size", map.size);
}

static void describe(JsonMembers& json, Mount& mount) {
  json.required("destination", mount.destination);
  json("type", mount.type);
  json("source", mount.source);
  json("options", mount.options);
  json("uidMappings", mount.uid_mappings);
  json("gidMappings", mount.gid_mappings);
}

static void describe(JsonMembers& json, Hook& hook) {
  json.required("path", hook.path);
  json.check(hook.path.starts_with('/'), "path", "must be an absolute path");
  json("args", hook.args);
  json("env", hook.env);
  json("timeout", hook.timeout);
  json.check(hook.timeout.value_or(1) > 0, "timeout", "must be greater than zero");
}

static void describe(JsonMembers& json, Hooks& hooks) {
  json("prestart", hooks.prestart);
  json("createRuntime", hooks.create_runtime);
  json("createContainer", hooks.create_container);
  json("startContainer", hooks.start_container);
  json("poststart", hooks.poststart);
  json("poststop", hooks.poststop);
}

static void describe(JsonMembers& json, Namespace& ns) {
  json.required("type", ns.type);
  json("path", ns.path);
  json.check(ns.path.empty() || ns.path[0] == '/', "path", "must be an absolute path");
}

static void describe(JsonMembers& json, Device& device) {
  json.required("path", device.path);
  json.required("type", device.type);
  json.always("major", device.major);
  json.always("minor", device.minor);
  json("fileMode", device.file_mode);
  json("uid", device.uid);
  json("gid", device.gid);
}

static void describe(JsonMembers& json, DeviceRule& rule) {
  json.required("allow", rule.allow);
  json.always("type", rule.type);
  json("major", rule.major);
  json("minor", rule.minor);
  json.always("access", rule.access);
  if (!json.reading()) return;
  if (rule.type.empty()) rule.type = "a";
  // -1 is how Go programs write "all".
  if (rule.major == -1) rule.major.reset();
  if (rule.minor == -1) rule.minor.reset();
}

static void describe(JsonMembers& json, Resources::Memory& memory) {
  json("limit", memory.limit);
  json("reservation", memory.reservation);
  json("swap", memory.swap);
  json("kernel", memory.kernel);
  json("swappiness", memory.swappiness);
  json("disableOOMKiller", memory.disable_oom_killer);
}

static void describe(JsonMembers& json, Resources::Cpu& cpu) {
  json("shares", cpu.shares);
  json("quota", cpu.quota);
  json("period", cpu.period);
  json("burst", cpu.burst);
  json("realtimeRuntime", cpu.realtime_runtime);
  json("realtimePeriod", cpu.realtime_period);
  json("idle", cpu.idle);
  json("cpus", cpu.cpus);
  json("mems", cpu.mems);
}

static void describe(JsonMembers& json, Resources::BlockIo::Throttle& throttle) {
  json.required("major", throttle.major);
  json.required("minor", throttle.minor);
  json.required("rate", throttle.rate);
}

static void describe(JsonMembers& json, Resources::BlockIo& io) {
  json("weight", io.weight);
  json.unsupported("leafWeight");
  json.unsupported("weightDevice");
  json("throttleReadBpsDevice", io.read_bps);
  json("throttleWriteBpsDevice", io.write_bps);
  json("throttleReadIOPSDevice", io.read_iops);
  json("throttleWriteIOPSDevice", io.write_iops);
}

static void describe(JsonMembers& json, Resources::HugepageLimit& limit) {
  json.required("pageSize", limit.page_size);
  json.required("limit", limit.limit);
}

static void describe(JsonMembers& json, Resources& resources) {
  json("devices", resources.devices);
  json("memory", resources.memory);
  json("cpu", resources.cpu);
  json.object("pids", [&](JsonMembers& pids) { pids("limit", resources.pids_limit); });
  json("blockIO", resources.block_io);
  json("hugepageLimits", resources.hugepage_limits);
  json.unsupported("network");
  json.unsupported("rdma");
  json("unified", resources.unified);
}

static void describe(JsonMembers& json, SeccompArg& arg) {
  json.always("index", arg.index);
  json.always("value", arg.value);
  json.always("valueTwo", arg.value_two);
  json.required("op", arg.op);
}

static void describe(JsonMembers& json, SeccompRule& rule) {
  json.required("names", rule.names);
  json.required("action", rule.action);
  json("errnoRet", rule.errno_ret);
  json("args", rule.args);
}

static void describe(JsonMembers& json, Seccomp& seccomp) {
  json.required("defaultAction", seccomp.default_action);
  json("defaultErrnoRet", seccomp.default_errno_ret);
  json("architectures", seccomp.architectures);
  json("flags", seccomp.flags);
  json("listenerPath", seccomp.listener_path);
  json("listenerMetadata", seccomp.listener_metadata);
  json("syscalls", seccomp.syscalls);
}

static void describe(JsonMembers& json, Linux::Personality& personality) {
  json.required("domain", personality.domain);
  json("flags", personality.flags);
}

static void describe(JsonMembers& json, Linux& value) {
  json("namespaces", value.namespaces);
  json("uidMappings", value.uid_mappings);
  json("gidMappings", value.gid_mappings);
  json("devices", value.devices);
  json("cgroupsPath", value.cgroups_path);
  json("resources", value.resources);
  json("rootfsPropagation", value.rootfs_propagation);
  json("seccomp", value.seccomp);
  json("sysctl", value.sysctl);
  json("maskedPaths", value.masked_paths);
  json("readonlyPaths", value.readonly_paths);
  json("mountLabel", value.mount_label);
  json("personality", value.personality);
  for (const char* name : {"intelRdt", "timeOffsets", "netDevices", "memoryPolicy"})
    json.unsupported(name);
}

static void describe(JsonMembers& json, Spec::Root& root) {
  json.required("path", root.path);
  json.always("readonly", root.readonly);
}

static void describe(JsonMembers& json, Spec& spec) {
  json.required("ociVersion", spec.oci_version);
  json.check(spec.oci_version.starts_with("1."), "ociVersion",
             cat(quoted(spec.oci_version), " is not 1.x"));
  json("process", spec.process);
  json.always("root", spec.root);
  json("hostname", spec.hostname);
  json("domainname", spec.domainname);
  json("mounts", spec.mounts);
  json("hooks", spec.hooks);
  json("annotations", spec.annotations);
  json("linux", spec.linux_);
}

Process parse_process(std::string_view json, const std::string& name) {
  return read_json<Process>(json, cat(name, ": process"));
}

Spec parse_spec(std::string_view json, const std::string& name) {
  return read_json<Spec>(json, name);
}

std::string spec_to_json(const Spec& spec) {
  Spec written = spec;
  // The built-in profile is written out, for whoever reads the file.
  if (auto& seccomp = written.linux_.seccomp; seccomp && seccomp->builtin_default) {
    const bool has_sets = spec.process && spec.process->capabilities;
    seccomp = default_seccomp_rules(has_sets ? spec.process->capabilities->bounding
                                             : std::vector<std::string>());
  }
  return write_json(written, JsonStyle::pretty);
}

}  // namespace mini::container
