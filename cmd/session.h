// Opens the stores for a verb: one line in each of them. Owns what it opened.
#pragma once

#include "cmd/verb.h"
#include "runtime/engine/engine.h"

namespace mini::cmd {

class Stores {
 public:
  explicit Stores(const Session& session)
      : containers_(session.paths), images_(session.paths), engine_{containers_, images_} {}
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
