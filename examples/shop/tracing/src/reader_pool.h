// A few connections that read the archive, lent to one request each. Requests above their number wait. Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/archive.h"

namespace tracing {

class ReaderPool {
 public:
  ReaderPool(const std::string& path, int size) {
    for (int i = 0; i < size; ++i) idle_.push_back(std::make_unique<ArchiveReader>(path));
  }

  // What `use` makes of a reader.
  template <typename Function>
  auto with(Function use) {
    Loan loan(*this);
    return use(*loan.reader);
  }

 private:
  struct Loan {
    explicit Loan(ReaderPool& p) : pool(p), reader(p.take()) {}
    ~Loan() { pool.give_back(std::move(reader)); }
    ReaderPool& pool;
    std::unique_ptr<ArchiveReader> reader;
  };

  std::unique_ptr<ArchiveReader> take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    return reader;
  }

  void give_back(std::unique_ptr<ArchiveReader> reader) {
    {
      std::lock_guard lock(mutex_);
      idle_.push_back(std::move(reader));
    }
    returned_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<ArchiveReader>> idle_;
};

}  // namespace tracing
