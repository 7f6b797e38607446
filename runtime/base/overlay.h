// The directories of an overlay mount, as plain values: what the launcher mounts as a root file
// system and what a reader of layers sees without mounting.
#pragma once

#include <string>
#include <vector>

namespace mini {

struct Overlay {
  std::vector<std::string> lower;  // bottom first
  std::string upper, work;         // both empty: read-only
  bool userxattr = false;
  // Nobody needs `upper` after a crash of the machine (--rm, a build step whose commit syncs):
  // unmounting then does not wait for the disk. `work` must be new for each start.
  bool throwaway = false;
};

}  // namespace mini
