// What the image has at a volume's place becomes the content of a new, empty volume, as Docker does
// it: owners, modes, times and attributes too. Reads the image through a MergedTree and writes into
// a directory that nobody else knows, so no link is ever followed; the content appears whole, by
// rename.
#pragma once

#include <string>

#include "runtime/container/spec.h"

namespace mini::engine {

// `volume`: the volume's directory, which holds _data. Does nothing when _data is not empty or the
// image has no directory at `path`. The caller holds a lock that keeps a second copy out.
void copy_up(const container::Spec::Overlay& image, const std::string& path,
             const std::string& volume);

}  // namespace mini::engine
