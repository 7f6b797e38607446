// `top` and `stats`: what a running container's processes are and use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/container/cgroup/cgroup.h"
#include "runtime/engine/record/container_store.h"

namespace mini::engine {

struct ProcessTable {
  std::vector<std::string> titles;             // UID PID PPID C STIME TTY TIME CMD
  std::vector<std::vector<std::string>> rows;  // host pids, as `docker top` shows them
};
ProcessTable top(const ContainerStore& store, const std::string& name);

struct StatsSample {
  std::string id, name;
  int64_t time_ns = 0;  // monotonic
  container::CgroupStats cgroup;
  uint64_t memory_limit = 0;        // the container's, or the host's memory
  uint64_t received = 0, sent = 0;  // bytes, on all its interfaces in networks
};
// Nothing when it does not run.
std::optional<StatsSample> sample_stats(const Record& record);
// 100 is one whole CPU between the two samples.
double cpu_percent(const StatsSample& before, const StatsSample& after);

}  // namespace mini::engine
