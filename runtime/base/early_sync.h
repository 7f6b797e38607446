// The disk begins to write what a transaction will wait for at its end while its content is still
// being made: from a few MiB on a thread syncs each time that as much again has been written. An
// error that it saw is thrown by `finish`, because the kernel tells it once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace mini {

class EarlySync {
 public:
  // `sync`: sync_filesystem of what is written to; from two threads, never at the same time.
  explicit EarlySync(std::function<void()> sync);
  ~EarlySync();  // waits for a sync that is under way
  EarlySync(const EarlySync&) = delete;
  EarlySync& operator=(const EarlySync&) = delete;

  // Cheap. From any thread.
  void wrote(uint64_t bytes);
  // Everything that has been written is on the disk, or this throws.
  void finish();

 private:
  void run();
  void stop();

  const std::function<void()> sync_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t unsynced_ = 0;
  bool ended_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace mini
