#include "runtime/base/poll_round.h"

#include <cerrno>
#include <ctime>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/resident_memory.h"

namespace mini::engine {

void PollRound::watch(int fd, short events, Handler handler) {
  polls_.push_back({fd, events, 0});
  handlers_.push_back(std::move(handler));
}

void PollRound::wake_at(int64_t monotonic) {
  if (wake_ns_ < 0 || monotonic < wake_ns_) wake_ns_ = monotonic;
}

bool PollRound::wait(bool idle) {
  if (idle) give_back_memory();
  int ready = -1;
  do {
    timespec left{};
    if (wake_ns_ >= 0) {
      const int64_t ns = std::max<int64_t>(0, wake_ns_ - monotonic_ns());
      left = {ns / 1'000'000'000, ns % 1'000'000'000};
    }
    ready = ppoll(polls_.data(), polls_.size(), wake_ns_ >= 0 ? &left : nullptr, nullptr);
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) throw SysError("wait for the container");
  for (size_t i = 0; i < polls_.size(); ++i) {
    if (polls_[i].revents != 0) handlers_[i](polls_[i].revents);
  }
  return ready > 0;
}

}  // namespace mini::engine
