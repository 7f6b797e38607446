// One round of poll(2): who wants to hear of what, then one wait, then the calls. Built anew for
// each round, so nobody has to be unregistered and a handler may close whatever it likes.
#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace mini::engine {

class PollRound {
 public:
  using Handler = std::function<void(short events)>;

  void watch(int fd, short events, Handler handler);
  void wake_at(int64_t monotonic_ns);  // the earliest counts
  // Waits and calls the handlers of what is ready, in the order of `watch`. False when only the
  // time came. `idle`: the wait may be long, so memory is given back right before it.
  bool wait(bool idle = false);

 private:
  std::vector<pollfd> polls_;
  std::vector<Handler> handlers_;
  int64_t wake_ns_ = -1;
};

}  // namespace mini::engine
