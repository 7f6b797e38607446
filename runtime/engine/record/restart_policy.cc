#include "runtime/engine/record/restart_policy.h"

#include <algorithm>

namespace mini::engine {

bool should_restart(const RestartPolicy& policy, int exit_code, int restarts_so_far,
                    bool stopped_by_user) {
  if (stopped_by_user) return false;
  switch (policy.kind) {
    case RestartPolicy::Kind::no:
      return false;
    case RestartPolicy::Kind::on_failure:
      return exit_code != 0 && (policy.max_retries == 0 || restarts_so_far < policy.max_retries);
    case RestartPolicy::Kind::always:
    case RestartPolicy::Kind::unless_stopped:
      return true;
  }
  return false;
}

int64_t RestartPause::next(int64_t ran_ns) {
  constexpr int64_t kFirst = 100'000'000, kLongest = 60'000'000'000, kLongEnough = 10'000'000'000;
  pause_ns_ = pause_ns_ == 0 || ran_ns >= kLongEnough ? kFirst : std::min(pause_ns_ * 2, kLongest);
  return pause_ns_;
}

}  // namespace mini::engine
