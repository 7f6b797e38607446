// The flags that `run` and `create` share, and what they mean: each text is parsed here, once, into
// engine::CreateRequest. Errors name the flag and its cure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/flags/flags.h"
#include "cmd/flags/missing_images.h"
#include "cmd/flags/network_values.h"
#include "runtime/engine/lifecycle/create.h"

namespace mini::cmd {

class ContainerFlags {
 public:
  explicit ContainerFlags(Flags& flags);

  bool interactive() const { return interactive_; }
  bool tty() const { return tty_; }
  // -a: whether the caller is to be connected to "stdin", "stdout" or "stderr".
  bool attaches(const std::string& stream) const;
  bool attach_given() const { return !attach_.empty(); }
  const Missing& missing() const { return missing_; }
  const std::string& cid_file() const { return cid_file_; }

  // After parse: IMAGE [COMMAND…].
  engine::CreateRequest request(const Flags& flags, const std::vector<std::string>& command) const;

 private:
  void add_process_flags(Flags& flags);
  void add_limit_flags(Flags& flags);
  void add_isolation_flags(Flags& flags);
  void add_network_flags(Flags& flags);
  void add_health_flags(Flags& flags);
  void add_compatible_flags(Flags& flags);  // compatible_flags.cc

  void fill_process(engine::Config& config) const;
  void fill_limits(engine::HostConfig& host) const;
  void fill_isolation(engine::HostConfig& host) const;
  void fill_network(engine::CreateRequest& request) const;
  void fill_mounts(engine::HostConfig& host) const;
  void fill_health(engine::Config& config) const;

  bool interactive_ = false, tty_ = false, rm_ = false, privileged_ = false, read_only_ = false,
       init_ = false, publish_all_ = false;
  bool no_healthcheck_ = false, oom_kill_disable_ = false;
  std::string name_, cid_file_, platform_;
  std::optional<std::string> entrypoint_, hostname_, domainname_, user_, working_dir_, stop_signal_;
  std::optional<std::string> health_cmd_, health_interval_, health_timeout_, health_start_period_,
      health_start_interval_;
  std::optional<int64_t> stop_timeout_, health_retries_, oom_score_adj_, memory_swappiness_;
  std::vector<std::string> env_, env_files_, volumes_, mounts_, tmpfs_, labels_, label_files_,
      group_add_;
  std::vector<std::string> add_hosts_, cap_add_, cap_drop_, security_opt_, ulimits_, sysctls_,
      devices_, attach_;
  std::vector<std::string> device_cgroup_rules_, dns_, dns_search_, dns_options_, publish_, expose_,
      log_opts_;
  std::string memory_, memory_swap_, memory_reservation_, cpus_, shm_size_, restart_ = "no";
  std::string cpuset_cpus_, cpuset_mems_, pid_, ipc_, uts_, cgroupns_, cgroup_parent_,
      log_driver_ = "json-file";
  Missing missing_;
  NetworkTexts network_;
  int64_t cpu_shares_ = 0, cpu_period_ = 0, cpu_quota_ = 0, pids_limit_ = 0, blkio_weight_ = 0;
};

}  // namespace mini::cmd
