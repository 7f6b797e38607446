// A container's record -> the Spec that the launcher runs. Pure: what has to be looked up on this
// machine comes in as SandboxFacts, so the result can be tested as text. Also used for the RUN
// steps of a build (step.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/container/launch/launch.h"
#include "runtime/container/spec/spec.h"
#include "runtime/engine/record/record.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::engine {

struct SandboxFacts {
  container::Spec::Overlay overlay;
  container::ResolvedUser user;
  std::string volumes;                       // the directory of all volumes
  std::string hosts, hostname, resolv_conf;  // files to be bound to /etc/…; empty: not
  std::vector<container::Device> devices;    // of --device, or of --privileged
  std::string join_pid_namespace;            // --pid container:ID: /proc/PID/ns/pid
  std::string join_network_namespace;        // --network container:ID: /proc/PID/ns/net
  bool swap_accounting = false;
  std::optional<container::Seccomp> seccomp;  // from --security-opt seccomp=FILE
};

container::Spec make_spec(const Record& record, const SandboxFacts& facts);

// The parts, each from Docker's rules.
std::vector<std::string> make_environment(const Record& record, const std::string& home);
std::vector<std::string> granted_capabilities(const HostConfig& host);
container::Capabilities capability_sets(const std::vector<std::string>& granted, uint32_t uid);
// --cgroupns: without it private on cgroup v2, as docker decides, and the host's elsewhere.
bool has_own_cgroup_namespace(const HostConfig& host);
// What of /proc and /sys a container does not see, or cannot write.
struct HiddenPaths {
  std::vector<std::string> masked, read_only;
};
HiddenPaths hidden_paths(const HostConfig& host);
container::Resources make_resources(const HostConfig& host, bool swap_accounting);
// A request -> the launcher's mount. `volumes` as in SandboxFacts.
container::Mount make_mount(const MountRequest& request, const std::string& volumes);
std::string host_name_of(const Record& record);
// "nofile" -> "RLIMIT_NOFILE"; throws Error (usage).
std::string rlimit_type(const std::string& name);

}  // namespace mini::engine
