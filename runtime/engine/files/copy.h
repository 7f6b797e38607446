// `cp`: files between a container and the host, by Docker's rules: a directory goes into a
// directory that exists, under its own name, or its content does when the source ends in "/."; a
// file replaces a file. Both sides are a Root and a path in it; every name is opened below it, and
// no link inside what is copied is followed. Kernel file systems (/proc, /sys) are left out, and
// refused by name. Hard links stay, sockets do not. Throws Error (not_found) / SysError; what was
// copied until then stays.
#pragma once

#include <string>

#include "runtime/base/root.h"
#include "runtime/base/state_paths.h"
#include "runtime/files/tree_copy.h"

namespace mini::engine {

struct CopyPlace {
  const Root& root;
  std::string path;
};

void copy_files(const CopyPlace& from, const CopyPlace& to, const files::CopyOptions& options);
// The same as a tar; its entries begin with the name of the source, unless only its content is
// meant.
void copy_to_tar(const CopyPlace& from, bool follow_link, int out_fd);
// A tar, plain or compressed, into a directory that exists. Read as hostile (layer_reader.h), to
// the end before anything is changed.
void copy_from_tar(int in_fd, const CopyPlace& to, const StatePaths& paths);

}  // namespace mini::engine
