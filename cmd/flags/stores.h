// Opens the stores for a command: one line in each of them. Owns what it opened. What a killed
// command left in the store is removed in passing: two directory reads when there is nothing.
#pragma once

#include "cmd/flags/session.h"
#include "runtime/engine/record/engine.h"
#include "runtime/image/store/garbage.h"

namespace mini::cmd {

class Stores {
 public:
  explicit Stores(const Session& session)
      : containers_(session.paths), images_(session.paths), engine_{containers_, images_} {
    image::remove_leftovers(session.paths);
  }
  Stores(const Stores&) = delete;

  engine::ContainerStore& containers() { return containers_; }
  image::ImageStore& images() { return images_; }
  engine::Engine& engine() { return engine_; }

 private:
  engine::ContainerStore containers_;
  image::ImageStore images_;
  engine::Engine engine_;
};

}  // namespace mini::cmd
