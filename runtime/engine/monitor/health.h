// HEALTHCHECK and --health-*: runs the probe inside the container from its monitor, one at a time,
// and keeps the verdict in <run>/containers/<id>/health.json. Timing and counting are Docker's:
// while the start period lasts, a failed probe does not count.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/poll_round.h"
#include "runtime/container/launch/launch.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

// The check with Docker's defaults filled in.
image::Healthcheck with_defaults(const image::Healthcheck& check);
// Takes a finished probe into account. Pure.
void count_probe(Health& health, const image::Healthcheck& check, Health::Probe probe,
                 bool in_start_period);
// Its command as it is executed; empty: there is nothing to run. Pure.
std::vector<std::string> probe_command(const image::Healthcheck& check);

class HealthMonitor {
 public:
  // `file`: where the verdict is written. Reads the record when it needs it, so that no copy of it
  // is kept.
  HealthMonitor(std::string file, std::function<std::optional<Record>()> record);
  ~HealthMonitor();  // ends a probe that still runs
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

  void begin(const image::Healthcheck& check, const container::Cgroup& cgroup);
  void watch(PollRound& round);
  const Health& health() const { return health_; }

 private:
  void start_probe();
  void read_output();
  void end_probe(bool timed_out);
  void write() const;
  void plan_next();

  std::string file_;
  std::function<std::optional<Record>()> record_;
  image::Healthcheck check_;
  container::Cgroup cgroup_;
  Health health_;
  int64_t began_ns_ = 0, next_ns_ = 0, deadline_ns_ = 0;  // monotonic
  Health::Probe probe_;
  std::optional<container::Launched> process_;
  Fd output_;
};

}  // namespace mini::engine
