// The flags of `mini build` -> values. Docker's and BuildKit's flags are all here: each works, is
// accepted where it asks for what mini does anyway, or is refused by name with the reason. Throws
// Error: bad_flag where docker's client refuses a text, usage where its daemon does.
#pragma once

#include <string>
#include <vector>

#include "builder/build/stage/build.h"
#include "cmd/flags/flags.h"
#include "runtime/engine/record/record.h"

namespace mini::cmd {

// --memory, --ulimit and the like: of every RUN.
class RunLimitFlags {
 public:
  void declare(Flags& flags);
  // Throws also for what could never be set.
  std::shared_ptr<const engine::HostConfig> limits() const;

 private:
  std::string memory_, memory_swap_, shm_size_, cpuset_cpus_, cpuset_mems_, cgroup_parent_;
  std::vector<std::string> ulimits_, security_opt_;
  int64_t cpu_shares_ = 0, cpu_period_ = 0, cpu_quota_ = 0;
};

class BuildFlags {
 public:
  void declare(Flags& flags);
  void check() const;  // what is refused by name
  build::BuildOptions options() const;

  std::vector<std::string> outputs, cache_from, cache_to;
  std::string progress = "auto", iid_file, metadata_file;
  bool offline = false, quiet = false, explain = false, push = false;
  bool only_check() const { return check_ || call_ == "check"; }
  bool list_context = false;

 private:
  void declare_compatible(Flags& flags);

  std::vector<std::string> tags_, build_args_, labels_, secrets_, no_cache_, no_cache_filter_,
      add_hosts_, allow_, pull_, contexts_, ssh_, provenance_, sbom_;
  std::string file_, target_, network_ = "default", platform_, context_ = ".", call_ = "build",
                              builder_ = "default", isolation_ = "default";
  bool check_ = false, ignored_ = false;
  RunLimitFlags limits_;
};

}  // namespace mini::cmd
