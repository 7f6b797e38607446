// Does one job for each of several items, a few at a time, each in its own thread. The first
// failure is thrown when all have ended; those that have not begun by then never do, and those that
// have can ask whether it is worth going on.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace mini::registry {

// Thrown by a job that was told to stop; never reaches the caller.
struct Stopped {};

void for_each_parallel(size_t count, int at_once,
                       const std::function<void(size_t index, const std::atomic<bool>& stop)>& job);

}  // namespace mini::registry
