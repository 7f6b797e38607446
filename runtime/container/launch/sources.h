// What a container takes from the host, opened by the parent before the container exists: each bind
// source as a detached tree, namespaces to join, the cgroup directories to show. From here on
// nothing is looked up by name again, so nothing can be swapped (CVE-2021-30465, CVE-2024-45310).
// Where this process may not detach trees (an ordinary user), the launcher does it from inside the
// new user namespace.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/container/launch/plan.h"
#include "runtime/container/spec/spec.h"

namespace mini::container {

struct Sources {
  std::vector<Fd> owned;

  // Fills the inputs' mounts, root, joins and cgroup_trees. Paths in `spec` are absolute. Throws
  // Error naming the mount and its source.
  void open(const Spec& spec, const Cgroup& cgroup, PlanInputs& inputs);

 private:
  int keep(Fd fd) { return owned.emplace_back(std::move(fd)).get(); }
  MountTree open_tree(const std::string& path, bool recursive, const std::string& what);
  void open_mount(const Mount& mount, MountTree& tree);
  void open_cgroup(const Cgroup& cgroup, PlanInputs& inputs);
};

}  // namespace mini::container
