#include "src/intake.h"

#include <cstdio>

namespace tracing {

Intake::Intake(std::unique_ptr<ArchiveWriter> writer, size_t max_queued_bytes)
    : writer_(std::move(writer)), max_queued_bytes_(max_queued_bytes) {
  tally_.stored = writer_->spans();
  tally_.stored_bytes = writer_->bytes();
  thread_ = std::thread([this] { write_batches(); });
}

Intake::~Intake() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

bool Intake::offer(std::vector<StoredSpan> spans) {
  size_t bytes = 0;
  for (const StoredSpan& stored : spans) bytes += stored.json.size();
  {
    std::lock_guard lock(mutex_);
    // An empty queue takes any message: the size of one is limited already.
    if (queued_bytes_ > 0 && queued_bytes_ + bytes > max_queued_bytes_) {
      tally_.dropped += static_cast<int64_t>(spans.size());
      return false;
    }
    queued_bytes_ += bytes;
    offered_ += static_cast<int64_t>(spans.size());
    tally_.accepted += static_cast<int64_t>(spans.size());
    if (queue_.empty()) {
      queue_ = std::move(spans);
    } else {
      queue_.insert(queue_.end(), std::make_move_iterator(spans.begin()), std::make_move_iterator(spans.end()));
    }
  }
  arrived_.notify_one();
  return true;
}

void Intake::settle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  written_.wait_for(lock, limit, [this, target = offered_] { return done_ >= target; });
}

std::string Intake::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

Tally Intake::tally() const {
  std::lock_guard lock(mutex_);
  return tally_;
}

void Intake::write_batches() {
  for (;;) {
    std::vector<StoredSpan> batch;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      batch.swap(queue_);
      queued_bytes_ = 0;
    }
    write_one(batch);
    written_.notify_all();
  }
}

void Intake::write_one(const std::vector<StoredSpan>& batch) {
  auto size = static_cast<int64_t>(batch.size());
  int64_t dropped = size;
  std::string failure;
  try {
    dropped = static_cast<int64_t>(writer_->write(batch));
  } catch (const std::exception& error) {
    failure = error.what();
  }
  std::lock_guard lock(mutex_);
  if (!failure.empty() && failure_.empty()) {
    std::fprintf(stderr, "tracing: spans are dropped: %s\n", failure.c_str());
  } else if (failure.empty() && !failure_.empty()) {
    std::fprintf(stderr, "tracing: spans are written again\n");
  }
  failure_ = std::move(failure);
  done_ += size;
  tally_.dropped += dropped;
  tally_.stored = writer_->spans();
  tally_.stored_bytes = writer_->bytes();
}

}  // namespace tracing
