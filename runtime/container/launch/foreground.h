// A process run in the foreground: signals that mini gets are passed to it, its terminal (if any)
// is joined to ours, and its exit code is ours. Ends when the process has ended and its last output
// was copied. Restores the terminal on every way out.
#pragma once

#include <signal.h>

#include "runtime/container/launch/launch.h"

namespace mini::container {

// Blocks the signals that are to be passed on; made before the launch, so that none is lost.
class Foreground {
 public:
  Foreground();
  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;
  ~Foreground();

  // Reaps the process. The exit code as a shell shows it.
  int wait(const Launched& process);

 private:
  void forward(const Launched& process);

  int signals_ = -1;
  sigset_t before_;
};

}  // namespace mini::container
