// A port of this host, held by a bound socket for as long as a container is published there:
// nothing else can bind it, and a port that is busy is noticed before anything is changed. The
// socket does not listen: the firewall redirects connections to the container, and what comes
// before or after is refused by the kernel.
#pragma once

#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/state_paths.h"
#include "runtime/network/bridge/firewall.h"

namespace mini::network {

// Host port 0: the kernel chooses, and `port` says which. Throws conflict naming its user: a
// container of this store, or a process of the host.
Fd reserve_port(const StatePaths& paths, PortRule& port);

}  // namespace mini::network
