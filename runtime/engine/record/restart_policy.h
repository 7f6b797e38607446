// --restart: whether an ended container starts again, and after which pause. Pure. Pauses double
// from 100 ms to one minute; a container that ran for ten seconds starts from the beginning.
#pragma once

#include <cstdint>

#include "runtime/engine/record/record.h"

namespace mini::engine {

bool should_restart(const RestartPolicy& policy, int exit_code, int restarts_so_far,
                    bool stopped_by_user);

class RestartPause {
 public:
  // The pause after a run of `ran_ns`, in nanoseconds.
  int64_t next(int64_t ran_ns);

 private:
  int64_t pause_ns_ = 0;
};

}  // namespace mini::engine
