#include "builder/build/stage/scheduler.h"

#include <thread>
#include <utility>

namespace mini::build {

Scheduler::Scheduler(const StageGraph& graph, Cancel& cancel, int at_once)
    : graph_(graph), cancel_(cancel), free_(at_once), built_(graph.stages.size()) {}

StageState Scheduler::run(const std::function<StageState(int stage)>& work) {
  std::vector<std::thread> threads;
  for (int stage = 0; stage < graph_.target; ++stage) {
    if (!graph_.stages[static_cast<size_t>(stage)].needed) continue;
    threads.emplace_back([this, stage, &work] { build(stage, work); });
  }
  build(graph_.target, work);
  for (std::thread& thread : threads) thread.join();
  if (problem_) std::rethrow_exception(problem_);
  return std::move(*built_[static_cast<size_t>(graph_.target)]);
}

void Scheduler::build(int stage, const std::function<StageState(int stage)>& work) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return free_ > 0; });
    --free_;
  }
  try {
    StageState state = work(stage);
    const std::lock_guard guard(mutex_);
    built_[static_cast<size_t>(stage)] = std::move(state);
  } catch (const Cancelled&) {
    fail(std::current_exception(), true);
  } catch (...) {
    fail(std::current_exception(), false);
  }
  const std::lock_guard guard(mutex_);
  ++free_;
  changed_.notify_all();
}

void Scheduler::fail(std::exception_ptr problem, bool cancelled) {
  const std::lock_guard guard(mutex_);
  // A stage that was stopped because another failed is not the reason.
  if (!problem_ || (!cancelled && !failed_)) problem_ = std::move(problem);
  if (!cancelled) failed_ = true;
  cancel_.request();
  changed_.notify_all();
}

const StageState& Scheduler::wait(int stage) {
  std::unique_lock lock(mutex_);
  std::optional<StageState>& state = built_[static_cast<size_t>(stage)];
  if (state) return *state;
  ++free_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return state.has_value() || problem_; });
  const bool built = state.has_value();
  changed_.wait(lock, [&] { return free_ > 0; });
  --free_;
  if (!built) throw Cancelled();
  return *state;
}

}  // namespace mini::build
