// A container -> an image (`mini commit`): the image that it was made from and one layer more, what
// it has changed (changes.h), with its own config. The changes are copied by the reader that takes
// layers from outside; nothing of the container runs. The same files give the same image: a wall
// clock has no say. Killed at any moment, it leaves the container as it is (perhaps paused) and
// nothing in the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/engine/record/engine.h"

namespace mini::engine {

struct CommitRequest {
  std::string container, author, message;
  bool pause = true;  // while its files are read, when it runs
  std::vector<image::Reference> tags;
  std::function<void(image::ImageConfig&)> change;
};

// The image's layers and one more, with the container's own config; durable on return. Files keep
// their times.
image::ImageEntry commit_container(Engine& engine, const CommitRequest& request);

}  // namespace mini::engine
