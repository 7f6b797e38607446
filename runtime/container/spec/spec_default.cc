// The default sandbox: equal to Docker's unless stricter.
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/seccomp/capability.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {
namespace {

std::vector<std::string> masked_paths() {
  std::vector<std::string> out = {
      "/proc/acpi",        "/proc/asound",  "/proc/interrupts",
      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
      "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
      "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
  // The specification knows no wildcards: every processor's. The first shows whether there are any.
  const std::string cpus = "/sys/devices/system/cpu";
  if (!exists(cpus + "/cpu0/thermal_throttle")) return out;
  for (const auto& name : list_directory(cpus)) {
    if (!name.starts_with("cpu") || !parse_number(std::string_view(name).substr(3))) continue;
    out.push_back(cat(cpus, "/", name, "/thermal_throttle"));
  }
  return out;
}

std::vector<Mount> mounts() {
  return {
      {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}, {}, {}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}, {}, {}},
      {"/dev/pts",
       "devpts",
       "devpts",
       {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"},
       {},
       {}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}, {}, {}},
      {"/sys/fs/cgroup",
       "cgroup",
       "cgroup",
       {"nosuid", "noexec", "nodev", "relatime", "ro"},
       {},
       {}},
      {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}, {}, {}},
      {"/dev/shm",
       "tmpfs",
       "shm",
       {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"},
       {},
       {}},
  };
}

std::vector<DeviceRule> device_rules() {
  const auto allow = [](int64_t major, std::optional<int64_t> minor) {
    return DeviceRule{true, "c", major, minor, "rwm"};
  };
  std::vector<DeviceRule> out = {{false, "a", std::nullopt, std::nullopt, "rwm"}};
  // Making a node is harmless where opening it is not allowed.
  out.push_back({true, "c", std::nullopt, std::nullopt, "m"});
  out.push_back({true, "b", std::nullopt, std::nullopt, "m"});
  for (const int minor : {3, 5, 7, 8, 9})
    out.push_back(allow(1, minor));         // null zero full random urandom
  out.push_back(allow(5, 0));               // tty
  out.push_back(allow(5, 2));               // ptmx
  out.push_back(allow(136, std::nullopt));  // pts
  return out;
}

}  // namespace

Spec default_spec() {
  Spec spec;
  spec.root.path = "rootfs";
  Process& process = spec.process.emplace();
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  const auto& capabilities = default_capabilities();
  process.capabilities = Capabilities{capabilities, capabilities, {}, capabilities, {}};
  spec.mounts = mounts();
  spec.linux_.masked_paths = masked_paths();
  spec.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                "/proc/sysrq-trigger"};
  for (const char* type : {"mount", "uts", "ipc", "pid", "network"})
    spec.linux_.namespaces.push_back({type, ""});
  if (CgroupHost::get().layout == CgroupLayout::v2)
    spec.linux_.namespaces.push_back({"cgroup", ""});
  spec.linux_.resources.devices = device_rules();
  spec.linux_.seccomp.emplace().builtin_default = true;
  return spec;
}

}  // namespace mini::container
