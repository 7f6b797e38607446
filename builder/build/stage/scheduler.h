// Runs the needed stages, each in a thread; at most a few at a time, a stage that waits for another
// not counted. The first failure stops the others; it alone is thrown.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "builder/build/event/cancel.h"
#include "builder/build/stage/graph.h"
#include "builder/build/stage/stage_state.h"

namespace mini::build {

class Scheduler {
 public:
  Scheduler(const StageGraph& graph, Cancel& cancel, int at_once);

  // `work` builds one stage, called from several threads. Returns the target's state. Throws what
  // failed first, or Cancelled.
  StageState run(const std::function<StageState(int stage)>& work);

  // For `work`: blocks until the stage is built. Throws Cancelled when it never will be.
  const StageState& wait(int stage);

 private:
  void build(int stage, const std::function<StageState(int stage)>& work);
  void fail(std::exception_ptr problem, bool cancelled);

  const StageGraph& graph_;
  Cancel& cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;
  bool failed_ = false;
  std::exception_ptr problem_;
  std::vector<std::optional<StageState>> built_;
};

}  // namespace mini::build
