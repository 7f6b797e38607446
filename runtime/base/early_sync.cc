#include "runtime/base/early_sync.h"

namespace mini {
namespace {

constexpr uint64_t kWorthwhile = 16 << 20;

}  // namespace

EarlySync::EarlySync(std::function<void()> sync) : sync_(std::move(sync)) {}

EarlySync::~EarlySync() {
  stop();
}

void EarlySync::wrote(uint64_t bytes) {
  const std::lock_guard guard(mutex_);
  unsynced_ += bytes;
  if (unsynced_ < kWorthwhile || ended_) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

void EarlySync::finish() {
  stop();
  if (error_) std::rethrow_exception(error_);
  sync_();
}

void EarlySync::stop() {
  {
    const std::lock_guard guard(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void EarlySync::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    changed_.wait(guard, [this] { return ended_ || unsynced_ >= kWorthwhile; });
    if (ended_) return;
    unsynced_ = 0;
    guard.unlock();
    std::exception_ptr error;
    try {
      sync_();
    } catch (...) {
      error = std::current_exception();
    }
    guard.lock();
    if (error) {
      error_ = error;
      return;
    }
  }
}

}  // namespace mini
