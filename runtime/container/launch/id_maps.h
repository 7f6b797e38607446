// User and group id maps of user namespaces: user_namespaces(7).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {

// Writes /proc/PID/{uid_map,gid_map}; where only one's own id may be mapped, setgroups is denied
// first, as the kernel demands. A map that is wider than an ordinary user may write goes through
// newuidmap and newgidmap.
void write_id_maps(pid_t pid, const std::vector<IdMap>& uids, const std::vector<IdMap>& gids);

// A user namespace with these maps and nobody in it, for an id-mapped mount.
Fd user_namespace_of_maps(const std::vector<IdMap>& uids, const std::vector<IdMap>& gids,
                          const std::string& what);

}  // namespace mini::container
