#include "runtime/network/link/in_namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/base/error.h"

namespace mini::network {

InNamespace::InNamespace(int namespace_fd) : home_(own_network_namespace()) {
  if (setns(namespace_fd, CLONE_NEWNET) != 0) throw SysError("enter the network namespace");
}

InNamespace::~InNamespace() {
  if (setns(home_.get(), CLONE_NEWNET) == 0) return;
  perror("mini: cannot leave the network namespace of a container");
  abort();
}

Fd own_network_namespace() {
  return open_file("/proc/thread-self/ns/net", O_RDONLY);
}

}  // namespace mini::network
