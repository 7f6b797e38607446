// The two stores that most of the engine's functions need, handed over together. Made once in cmd/;
// owns nothing.
#pragma once

#include "runtime/engine/record/container_store.h"
#include "runtime/image/store/image_store.h"

namespace mini::engine {

struct Engine {
  const ContainerStore& containers;
  image::ImageStore& images;

  const StatePaths& paths() const { return containers.paths(); }
};

}  // namespace mini::engine
