// The calling thread in another network namespace for the length of a scope. Sockets that are made
// meanwhile stay there, /proc/sys/net shows that namespace's settings. The way back is taken in any
// case: a process that cannot go back ends at once, because all it did afterwards would be done in
// the wrong place.
#pragma once

#include "runtime/base/fd.h"

namespace mini::network {

class InNamespace {
 public:
  // A descriptor of the namespace, or a pidfd of a process in it. Throws SysError.
  explicit InNamespace(int fd);
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  Fd home_;
};

}  // namespace mini::network
