// What mini knows of one container: <root>/containers/<id>/record.json, written whole by rename.
// The names are Docker's (Config, HostConfig, State), because `inspect` prints them. Everything a
// start needs is in here: a container can be started again years later without its command line.
// Sizes are bytes, times nanoseconds since the epoch (0: never), durations nanoseconds unless the
// name says otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/process.h"
#include "runtime/image/document/config.h"

namespace mini::engine {

struct MountRequest {  // from -v, --mount, --tmpfs, VOLUME
  enum class Type { bind, volume, tmpfs } type = Type::bind;
  std::string
      source;  // bind: absolute host path; volume: name (empty: anonymous, named when created)
  std::string destination;  // absolute, clean
  bool read_only = false;
  bool no_copy = false;                  // volume-nocopy
  bool create_host_path = false;         // -v makes a missing host directory, --mount does not
  bool recursive = true;                 // bind-recursive
  std::string propagation = "rprivate";  // bind
  std::optional<int64_t> tmpfs_size;
  std::optional<uint32_t> tmpfs_mode;
  std::vector<std::string> tmpfs_options;  // from --tmpfs PATH:opts, checked
  bool anonymous = false;
};

struct DeviceRequest {
  std::string host, container, permissions = "rwm";
};

struct NetworkRequest {  // a network to be in, from --network and what belongs to it
  std::string name;      // of the network
  std::vector<std::string> aliases;
  std::string address, address6, mac;  // empty: mini chooses
};

struct PortRequest {            // from -p
  std::string host_address;     // empty: every address of this machine
  uint16_t host_port = 0;       // 0: any that is free
  uint16_t host_port_last = 0;  // more than host_port: the first free one of that range
  uint16_t container_port = 0;
  std::string protocol = "tcp";  // or "udp"
};

struct RestartPolicy {
  enum class Kind { no, on_failure, always, unless_stopped } kind = Kind::no;
  int max_retries = 0;  // on_failure; 0: no limit
};

struct Config {  // what the image and the flags say about the process
  std::string hostname, domainname, user, working_dir, image;  // image: as the user wrote it
  std::vector<std::string> env;
  std::optional<std::vector<std::string>> entrypoint, cmd;
  std::map<std::string, std::string> labels;
  std::set<std::string> exposed_ports, volumes;
  bool tty = false, open_stdin = false, stdin_once = false;
  bool attach_stdin = false, attach_stdout = true, attach_stderr = true;
  std::string stop_signal;
  std::optional<int> stop_timeout;  // seconds
  std::optional<image::Healthcheck> healthcheck;
};

struct HostConfig {  // what the host grants
  std::vector<MountRequest> mounts;
  std::vector<std::string> binds;  // -v as written, for inspect
  // "none", "host", "container:<id>", or the name of the first of `networks`.
  std::string network_mode = "none";
  std::vector<NetworkRequest> networks;  // first the one with the default route
  std::vector<PortRequest> ports;
  bool publish_all = false;  // -P: every exposed port, too
  std::string pid_mode, ipc_mode, uts_mode, cgroupns_mode,
      userns_mode;  // "" = private, "host", "container:<id>"
  RestartPolicy restart;
  bool auto_remove = false, privileged = false, read_only = false, init = false;
  std::vector<std::string> cap_add, cap_drop, group_add, security_opt, extra_hosts, dns, dns_search,
      dns_options;
  int64_t memory = 0, memory_swap = 0, memory_reservation = 0;  // 0: no limit; swap -1: unlimited
  std::optional<int64_t> memory_swappiness;
  bool oom_kill_disable = false;
  int64_t nano_cpus = 0, cpu_shares = 0, cpu_period = 0, cpu_quota = 0;
  std::string cpuset_cpus, cpuset_mems;
  int64_t pids_limit = 0;  // 0 or -1: none
  int blkio_weight = 0;
  std::optional<int> oom_score_adj;
  int64_t shm_size = 64 << 20;
  std::vector<std::pair<std::string, std::pair<int64_t, int64_t>>>
      ulimits;  // "nofile" -> soft, hard
  std::map<std::string, std::string> sysctls;
  std::vector<DeviceRequest> devices;
  std::vector<std::string> device_cgroup_rules;
  std::string cgroup_parent;
  std::string log_driver = "json-file";  // or "none"
  int64_t log_max_size = 20 << 20;
  int log_max_files = 5;
  std::string container_id_file;
};

enum class Status { created, running, paused, restarting, removing, exited, dead };
const char* to_string(Status status);  // null after the last
const char* to_string(RestartPolicy::Kind kind);
const char* to_string(MountRequest::Type type);

struct Health {
  std::string status;  // "starting", "healthy", "unhealthy"; empty: no health check
  int failing_streak = 0;
  struct Probe {
    int64_t start_ns = 0, end_ns = 0;
    int exit_code = 0;
    std::string output;
  };
  std::vector<Probe> log;  // the last five
};

// What a running container has in one network. Addresses as text; empty: none.
struct Endpoint {
  std::string network, network_id;        // name and id
  std::string interface, host_interface;  // "eth0", and its other end on the bridge
  std::string address, gateway, address6, gateway6, mac;
  unsigned prefix = 0, prefix6 = 0;  // lengths
  std::vector<std::string> names;    // by which the others find it
};

struct PublishedPort {
  std::string host_address;  // "0.0.0.0", "::" or one of this machine's
  uint16_t host_port = 0, container_port = 0;
  std::string protocol;
};

struct State {
  Status status = Status::created;
  int exit_code = 0;
  bool oom_killed = false;
  std::string error;
  int64_t started_ns = 0, finished_ns = 0;
  ProcessId process, monitor;  // of the running container
  std::vector<Endpoint> endpoints;
  std::vector<PublishedPort> ports;
  // Held for the container, but it is in no network that they could lead to.
  std::vector<PublishedPort> held_ports;
  // Of the last run, by network: taken again where they are free.
  std::map<std::string, std::string> last_addresses;
  Health health;
};

struct Record {
  std::string id;    // 64 hex
  std::string name;  // without the slash
  int64_t created_ns = 0;
  Digest image_id;
  std::vector<Digest> layers;  // bottom first
  Config config;
  HostConfig host;
  std::vector<std::string> args;     // entrypoint and cmd combined: Path and Args of inspect
  std::vector<MountRequest> mounts;  // all, resolved: what is mounted at a start
  int restart_count = 0;
  bool stopped_by_user = false;
  State state;
  std::string cgroup;  // container::Cgroup::str() while running
};

// The container is in no network any more; where it was is remembered.
void leave_endpoints(State& state);
std::string cgroup_path(const Record& record);  // as in linux.cgroupsPath

std::string to_json(const Record& record);
Record parse_record(std::string_view json, const std::string& name);
// Health changes often and is worth nothing after the container ended: while it runs, it is kept in
// the run directory.
// What stays of it when the container has ended: the log, and, as in Docker, "unhealthy".
Health after_end(Health health);
std::string to_json(const Health& health);
Health parse_health(std::string_view json, const std::string& name);

}  // namespace mini::engine
