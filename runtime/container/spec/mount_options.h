// The options of one mount of a Spec, sorted by who understands them: flags of the mount,
// propagation, and what is left for the file system. config.md#mounts, config-linux.md. Pure;
// throws Error naming the destination and the option.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/container/spec/spec.h"

namespace mini::container {

struct MountOptions {
  uint64_t set = 0, clear = 0;              // MOUNT_ATTR_* of the mount itself
  uint64_t set_below = 0, clear_below = 0;  // rro, rnosuid, …: of everything below too
  uint64_t propagation = 0;                 // MS_PRIVATE, …; 0: not said
  bool propagate_below = false;
  bool bind = false, recursive = false;
  bool copy_up = false;
  bool idmap = false, idmap_below = false;
  std::vector<std::pair<std::string, std::string>>
      data;  // for the file system; an empty value is a flag
};

MountOptions parse_mount_options(const Mount& mount);
// "nosuid,noexec" for MOUNT_ATTR_*; "rw" when there is none.
std::string mount_attr_names(uint64_t attributes);

}  // namespace mini::container
