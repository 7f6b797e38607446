// The calling thread is in another network namespace for as long as this lives: sockets made
// meanwhile belong there. Needs CAP_SYS_ADMIN in both. Throws SysError when it cannot enter, and is
// then where it was. A process that cannot go back ends (abort): it would go on in a container's
// network and take it for the host's.
#pragma once

#include "runtime/base/fd.h"

namespace mini::network {

class InNamespace {
 public:
  // A descriptor of a network namespace, or a pidfd of a process in one.
  explicit InNamespace(int namespace_fd);
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  Fd home_;
};

// The network namespace that the calling thread is in.
Fd own_network_namespace();

}  // namespace mini::network
