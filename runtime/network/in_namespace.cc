#include "runtime/network/in_namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cstdlib>

#include "runtime/base/error.h"

namespace mini::network {

InNamespace::InNamespace(int fd) : home_(open_file("/proc/thread-self/ns/net", O_RDONLY)) {
  if (setns(fd, CLONE_NEWNET) < 0) throw SysError("enter the container's network namespace");
}

InNamespace::~InNamespace() {
  if (setns(home_.get(), CLONE_NEWNET) < 0) abort();
}

}  // namespace mini::network
