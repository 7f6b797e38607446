#include "runtime/registry/distribution/workers.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mini::registry {

void for_each_parallel(
    size_t count, int at_once,
    const std::function<void(size_t index, const std::atomic<bool>& stop)>& job) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (size_t index = next++; index < count && !stop; index = next++) {
      try {
        job(index, stop);
      } catch (const Stopped&) {
      } catch (...) {
        const std::lock_guard guard(mutex);
        if (!failure) failure = std::current_exception();
        stop = true;
      }
    }
  };
  std::vector<std::thread> threads;
  const size_t number = std::min(count, static_cast<size_t>(at_once));
  for (size_t i = 1; i < number; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace mini::registry
