// A layer's tree on disk -> its canonical tar (tar_writer.h). The tree is in overlay's form: a
// character device 0/0 is a whiteout, an attribute makes a directory opaque. Nothing is ever
// reached by a path: every name is opened in its directory's descriptor, without following links.
//  - the root's own entry is there only when the root is not what a new tree is (mode 0755, owner
//  0:0, no attributes, not opaque)
//  - of several hard links the first in order is the file
//  - sockets are no part of a layer
// Throws Error for what no tar can hold: names that begin with .wh., paths longer than
// kLongestPath.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/files/hash_stream.h"

namespace mini::files {

// `normalise` makes the tree equal to what the tar says: times are clamped to `epoch` and made
// whole, attributes that layers do not keep and sockets are removed. Without it nothing is changed.
// Gives the number of entries; `shown` names the tree in errors.
uint64_t write_tree_tar(Fd tree, HashStream& out, int64_t epoch, bool normalise,
                        const std::string& shown);

}  // namespace mini::files
