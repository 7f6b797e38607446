// Stops a build: one descriptor that becomes readable for good when a step failed, or when the
// caller's own descriptor (Ctrl-C) did. Shared by all threads of the build.
#pragma once

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace mini::build {

// Leaves a step that was stopped from outside; never the reason why a build failed.
class Cancelled : public Error {
 public:
  Cancelled() : Error("cancelled") {}
};

class Cancel {
 public:
  explicit Cancel(int caller_fd = -1);

  void request();
  bool requested() const;
  bool by_caller() const;
  int fd() const { return either_.get(); }  // for poll
  void check() const;                       // throws Cancelled when requested

 private:
  int caller_fd_;
  Fd event_, either_;
};

}  // namespace mini::build
