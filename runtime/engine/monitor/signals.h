// Signals on their way to a container's process.
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/base/fd.h"
#include "runtime/engine/record/record.h"

namespace mini::engine {

// Blocks what is forwarded (all but SIGCHLD, SIGPIPE, SIGURG, SIGWINCH, SIGTSTP and the like, and
// what cannot be caught) and makes it readable.
class ForwardedSignals {
 public:
  ForwardedSignals();
  int fd() const { return fd_.get(); }
  int next() const;  // 0: none is waiting

 private:
  Fd fd_;
};

// False when the process is the first of its pid namespace and has no handler for the signal: the
// kernel then drops it.
bool takes_signal(const Record& record, int signal);

}  // namespace mini::engine
