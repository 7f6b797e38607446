// The trace of a build step while it runs: <run>/steps/<id>, locked by its process. When that
// process is killed, the next command finds the mark unlocked and removes the step's cgroup.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::engine {

class StepMark {
 public:
  explicit StepMark(const StatePaths& paths);
  ~StepMark();
  StepMark(const StepMark&) = delete;
  StepMark& operator=(const StepMark&) = delete;

  const std::string& id() const { return id_; }  // also the cgroup's name

  static void sweep(const StatePaths& paths);

 private:
  std::string id_, path_;
  std::optional<FileLock> lock_;
};

}  // namespace mini::engine
