#include "runtime/engine/monitor/streams.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mini::engine {
namespace {

constexpr size_t kPiece = 32 << 10;
constexpr size_t kInputRoom = 64 << 10;

bool may_block(int fd) {
  struct stat info;
  return fd >= 0 && fstat(fd, &info) == 0 &&
         (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || S_ISCHR(info.st_mode));
}

bool can_take(int fd, bool wait) {
  pollfd poll_fd{fd, POLLOUT, 0};
  int ready;
  do {
    ready = poll(&poll_fd, 1, wait ? -1 : 0);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

OutputTarget::OutputTarget(int fd) : fd_(fd), blocks_(may_block(fd)) {}

void OutputTarget::write(std::string_view data) {
  if (fd_ < 0) return;
  pending_ += data;
  write_some(false);
}

void OutputTarget::watch(PollRound& round) {
  if (!idle()) round.watch(fd_, POLLOUT, [this](short) { write_some(false); });
}

void OutputTarget::flush() {
  if (!idle()) write_some(true);
}

void OutputTarget::write_some(bool wait) {
  size_t done = 0;
  while (done < pending_.size()) {
    if (blocks_ && !can_take(fd_, wait)) break;
    // A pipe that poll calls writable takes PIPE_BUF bytes without blocking.
    const size_t size =
        blocks_ ? std::min(pending_.size() - done, size_t{PIPE_BUF}) : pending_.size() - done;
    const ssize_t written = ::write(fd_, pending_.data() + done, size);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno != EINTR && errno != EAGAIN) {
      fd_ = -1;
      closed_ = true;
      pending_.clear();
      return;
    }
  }
  pending_.erase(0, done);
}

OutputStream::OutputStream(Fd source, int target, Sink sink)
    : source_(std::move(source)), target_(target), sink_(std::move(sink)) {
  set_nonblocking(source_.get());
}

void OutputStream::watch(PollRound& round, bool may_read) {
  if (target_.closed()) source_.reset();
  target_.watch(round);
  if (source_ && may_read && target_.idle()) {
    round.watch(source_.get(), POLLIN, [this](short) { read_some(); });
  }
}

// 0 when nothing is there, or nothing ever will be.
size_t OutputStream::read_some() {
  char buffer[kPiece];
  ssize_t size;
  do {
    size = ::read(source_.get(), buffer, sizeof buffer);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN) return 0;
  if (size <= 0) {  // EIO: the last process has closed the terminal
    source_.reset();
    return 0;
  }
  const std::string_view data(buffer, static_cast<size_t>(size));
  sink_(data);
  target_.write(data);
  return data.size();
}

void OutputStream::drain() {
  // A pipe holds no more than this; a process that writes on after the container's end (--pid host)
  // is not waited for.
  constexpr size_t kMost = 1 << 20;
  for (size_t total = 0; source_ && total < kMost;) {
    const size_t size = read_some();
    if (size == 0) break;
    total += size;
  }
  source_.reset();
}

InputQueue::InputQueue(Fd pipe) : pipe_(std::move(pipe)), fd_(pipe_.get()) {
  set_nonblocking(fd_);
}

InputQueue::InputQueue(int terminal) : fd_(terminal) {}

bool InputQueue::has_room() const {
  return fd_ >= 0 && !ending_ && queue_.size() < kInputRoom;
}

void InputQueue::add(std::string_view data) {
  if (fd_ < 0 || ending_) return;
  queue_ += data;
  write_some();
}

void InputQueue::close_when_empty() {
  ending_ = true;
  write_some();
}

void InputQueue::watch(PollRound& round) {
  if (fd_ >= 0 && !queue_.empty()) {
    round.watch(fd_, POLLOUT, [this](short) { write_some(); });
  }
}

void InputQueue::write_some() {
  if (fd_ < 0) return;
  while (!queue_.empty()) {
    const ssize_t size = ::write(fd_, queue_.data(), queue_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) {  // the reader is gone
      queue_.clear();
      pipe_.reset();
      fd_ = -1;
      return;
    }
    queue_.erase(0, static_cast<size_t>(size));
  }
  if (ending_) {
    pipe_.reset();
    fd_ = -1;
  }
}

}  // namespace mini::engine
