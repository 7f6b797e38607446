// A tar that this process makes and reads at once, so that a copy goes through the same checks as a
// layer from outside: `write` runs in a thread of its own, and what it writes to its descriptor is
// unpacked into `draft` by read_layer (layer_reader.h). Returns when both have ended. Throws what
// went wrong first: the writer's Error, unless that is only that the reader had given up; then the
// reader's. A broken pipe ends nothing but the writer.
#pragma once

#include <functional>
#include <string>

#include "runtime/image/layer/layer_store.h"

namespace mini::image {

void pass_layer(const std::function<void(int fd)>& write, const std::string& name, Draft& draft);

}  // namespace mini::image
