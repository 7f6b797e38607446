// What the image has at a volume's place becomes the content of a new, empty volume, as Docker does
// it: owners, modes, times and attributes too. Reads the image through a View and writes into
// <volume>/_copy, which nobody else knows, so no link is ever followed. Whole and synced, that
// becomes <volume>/_ready, and its entries move into _data, which containers may have mounted
// already; a file that is there by then stays. Killed before, nothing has happened; killed after,
// whoever uses the volume next finishes it.
#pragma once

#include <string>

#include "runtime/base/overlay.h"

namespace mini::files {

// `volume`: the volume's directory, which holds _data. Does nothing when _data is not empty or the
// image has no directory at `path`. The caller holds a lock that keeps a second copy out.
void copy_up(const Overlay& image, const std::string& path, const std::string& volume);

// A copy that was killed, or is about to end in another process: wait for the lock and finish it.
bool has_unfinished_copy(const std::string& volume);
// The caller holds the lock.
void finish_copy(const std::string& volume);

}  // namespace mini::files
