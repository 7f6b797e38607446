#include "runtime/files/hash_stream.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/base/fd.h"

namespace mini::files {
namespace {

constexpr size_t kBuffers = 8;
constexpr uint64_t kWorkerFrom = 1 << 20;  // less is hashed before a thread has started

std::unique_ptr<char[]> new_buffer() {
  return std::make_unique_for_overwrite<char[]>(HashStream::kBuffer);
}

}  // namespace

// Owns all buffers but the one that is being filled.
struct HashStream::Worker {
  explicit Worker(Sha256& shared_hash) : hash(shared_hash), thread([this] { run(); }) {}

  ~Worker() {
    {
      const std::lock_guard guard(mutex);
      ended = true;
    }
    changed.notify_all();
    thread.join();
  }

  // Takes a full buffer and gives an empty one, waiting for it when all are full.
  std::unique_ptr<char[]> exchange(std::unique_ptr<char[]> full, size_t size) {
    std::unique_lock guard(mutex);
    queue.push_back({std::move(full), size});
    changed.notify_all();
    if (empty.empty() && made < kBuffers - 1) {
      ++made;
      return new_buffer();
    }
    changed.wait(guard, [this] { return !empty.empty(); });
    std::unique_ptr<char[]> buffer = std::move(empty.back());
    empty.pop_back();
    return buffer;
  }

  void run() {
    std::unique_lock guard(mutex);
    for (;;) {
      changed.wait(guard, [this] { return ended || !queue.empty(); });
      if (queue.empty()) return;
      Piece piece = std::move(queue.front());
      queue.pop_front();
      guard.unlock();
      hash.update(piece.data.get(), piece.size);
      guard.lock();
      empty.push_back(std::move(piece.data));
      changed.notify_all();
    }
  }

  struct Piece {
    std::unique_ptr<char[]> data;
    size_t size;
  };
  Sha256& hash;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Piece> queue;
  std::vector<std::unique_ptr<char[]>> empty;
  size_t made = 0;
  bool ended = false;
  std::thread thread;  // last: it uses all of the above
};

HashStream::HashStream(int copy_to) : buffer_(new_buffer()), copy_to_(copy_to) {}

HashStream::~HashStream() = default;

HashStream::Space HashStream::space(size_t least) {
  if (kBuffer - used_ < least) flush();
  return {buffer_.get() + used_, kBuffer - used_};
}

void HashStream::commit(size_t size) {
  used_ += size;
  size_ += size;
}

void HashStream::write(std::string_view data) {
  while (!data.empty()) {
    const Space room = space(1);
    const size_t size = std::min(room.size, data.size());
    memcpy(room.data, data.data(), size);
    commit(size);
    data.remove_prefix(size);
  }
}

void HashStream::flush() {
  if (copy_to_ >= 0) write_all(copy_to_, {buffer_.get(), used_}, "layer tar");
  if (!worker_ && size_ >= kWorkerFrom) worker_ = std::make_unique<Worker>(hash_);
  if (worker_) {
    buffer_ = worker_->exchange(std::move(buffer_), used_);
  } else {
    hash_.update(buffer_.get(), used_);
  }
  used_ = 0;
}

Digest HashStream::finish() {
  flush();
  worker_.reset();
  return hash_.finish();
}

}  // namespace mini::files
