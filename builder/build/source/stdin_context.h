// `mini build -`: a tar, plain or compressed, on standard input becomes the context; anything else
// is a Dockerfile. Decided by the first bytes. The tar is hostile (runtime/image/layer_reader.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "runtime/image/layer/layer_store.h"

namespace mini::build {

// Fills the draft's tree, or, when `or_text` and it is not a tar, returns the text. Throws Error.
std::optional<std::string> unpack_stdin(int fd, image::Draft& draft, bool or_text, size_t limit);

}  // namespace mini::build
