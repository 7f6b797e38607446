#include "builder/build/event/cancel.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/base/error.h"

namespace mini::build {
namespace {

bool readable(int fd) {
  pollfd state{fd, POLLIN, 0};
  return fd >= 0 && poll(&state, 1, 0) > 0;
}

}  // namespace

Cancel::Cancel(int caller_fd)
    : caller_fd_(caller_fd),
      event_(eventfd(0, EFD_CLOEXEC)),
      either_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!event_ || !either_) throw SysError("eventfd");
  for (const int fd : {event_.get(), caller_fd}) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (fd >= 0 && epoll_ctl(either_.get(), EPOLL_CTL_ADD, fd, &wanted) < 0) {
      throw SysError("epoll_ctl");
    }
  }
}

void Cancel::request() {
  eventfd_write(event_.get(), 1);
}

bool Cancel::requested() const {
  return readable(either_.get());
}

bool Cancel::by_caller() const {
  return readable(caller_fd_);
}

void Cancel::check() const {
  if (requested()) throw Cancelled();
}

}  // namespace mini::build
