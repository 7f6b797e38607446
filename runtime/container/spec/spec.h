// The OCI runtime specification's configuration (config.md, config-linux.md; version 1.2) as plain
// values. This is the interface between images and processes: `mini oci` reads it from a bundle's
// config.json, the engine fills the same value from an image and flags, and the launcher knows
// nothing else. Sizes are bytes, times are as the specification says. Unknown properties are
// ignored, as the specification demands; a known one that is malformed, or that asks for what mini
// cannot do, is refused by name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/overlay.h"
#include "runtime/container/cgroup/resources.h"
#include "runtime/container/seccomp/seccomp_config.h"

namespace mini::container {

struct Rlimit {
  std::string type;  // "RLIMIT_NOFILE"
  uint64_t soft = 0, hard = 0;
};

struct Capabilities {  // names as "CAP_CHOWN"
  std::vector<std::string> bounding, effective, inheritable, permitted, ambient;
};

struct User {
  uint32_t uid = 0, gid = 0;
  std::optional<uint32_t> umask;
  std::vector<uint32_t> additional_gids;
};

struct Process {
  bool terminal = false;
  struct ConsoleSize {
    uint16_t height = 0, width = 0;
  } console_size;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;  // "NAME=value"
  std::string cwd = "/";
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::optional<int> oom_score_adj;
  std::string apparmor_profile, selinux_label;
  struct Scheduler {
    std::string policy;
    int nice = 0, priority = 0;
    std::vector<std::string> flags;
    uint64_t runtime = 0, deadline = 0, period = 0;
  };
  std::optional<Scheduler> scheduler;
  struct IoPriority {
    std::string cls;
    int priority = 0;
  };
  std::optional<IoPriority> io_priority;
  // mini's own: pid 1 is a small init that forwards signals and reaps (`--init`); the command is
  // its child.
  bool init = false;
};

struct IdMap {
  uint32_t container_id, host_id, size;
};

struct Mount {
  std::string destination, type, source;
  std::vector<std::string> options;
  std::vector<IdMap> uid_mappings, gid_mappings;
};

struct Hook {
  std::string path;
  std::vector<std::string> args, env;
  std::optional<int> timeout;  // seconds
};

struct Hooks {
  std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart,
      poststop;
};

struct Namespace {
  std::string type;  // pid network mount ipc uts user cgroup time
  std::string path;  // join this one; empty: make a new one
};

struct Device {
  std::string path, type;  // c b u p
  int64_t major = 0, minor = 0;
  std::optional<uint32_t> file_mode, uid, gid;
};

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<IdMap> uid_mappings, gid_mappings;
  std::vector<Device> devices;
  std::string cgroups_path;
  Resources resources;
  std::string rootfs_propagation;
  std::optional<Seccomp> seccomp;
  std::map<std::string, std::string> sysctl;
  std::vector<std::string> masked_paths, readonly_paths;
  std::string mount_label;
  struct Personality {
    std::string domain;
    std::vector<std::string> flags;
  };
  std::optional<Personality> personality;
};

struct Spec {
  std::string oci_version = "1.2.0";
  struct Root {
    std::string path;
    bool readonly = false;
  } root;
  // mini's own: the root file system is this overlay, mounted by the launcher inside the
  // container's mount namespace; `root.path` is then unused.
  using Overlay = mini::Overlay;
  std::optional<Overlay> overlay;
  std::optional<Process> process;
  std::string hostname, domainname;
  std::vector<Mount> mounts;
  Hooks hooks;
  std::map<std::string, std::string> annotations;
  Linux linux_;
};

// Reads a config.json; throws Error naming the property ("config.json: process.args[0]: expected a
// string").
Spec parse_spec(std::string_view json, const std::string& name = "config.json");
// One process alone, as `oci exec --process` takes it.
Process parse_process(std::string_view json, const std::string& name);
std::string spec_to_json(const Spec& spec);

// What `mini oci spec` prints and the engine starts from: Docker's default sandbox (SECURITY:
// capabilities, mounts, masked and read-only paths, devices, namespaces mnt uts ipc pid net (cgroup
// on v2), seccomp default), args {"sh"}, root "rootfs".
Spec default_spec();

}  // namespace mini::container
