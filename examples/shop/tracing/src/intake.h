// Takes spans in off the request path: a queue with a bound, and one thread that writes what has come in batches.
//
// offer() never waits; it says no when the queue is full. What was offered is written before settle() returns, unless
// that takes longer than its limit, so a query sees what was accepted before it. A batch that cannot be written (a full
// disk) is dropped, counted, and told once on standard error; failure() says why until a write succeeds again.
// The destructor writes what is queued. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/archive.h"

namespace tracing {

struct Tally {
  int64_t accepted = 0, dropped = 0;  // spans
  int64_t stored = 0, stored_bytes = 0;
};

class Intake {
 public:
  Intake(std::unique_ptr<ArchiveWriter> writer, size_t max_queued_bytes);
  ~Intake();

  bool offer(std::vector<StoredSpan> spans);
  void settle(std::chrono::milliseconds limit);
  std::string failure() const;  // empty: all is well
  Tally tally() const;

 private:
  void write_batches();
  void write_one(const std::vector<StoredSpan>& batch);

  std::unique_ptr<ArchiveWriter> writer_;
  const size_t max_queued_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_, written_;
  std::vector<StoredSpan> queue_;
  size_t queued_bytes_ = 0;
  int64_t offered_ = 0, done_ = 0;
  bool stopping_ = false;
  std::string failure_;
  Tally tally_;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace tracing
