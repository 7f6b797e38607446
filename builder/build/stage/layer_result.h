// What executing a step gives: a draft and the layer in it. And writing a plan as such a layer.
#pragma once

#include <vector>

#include "builder/build/event/cancel.h"
#include "builder/build/source/copy_plan.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::build {

struct LayerResult {
  image::Draft draft;
  image::Layer layer;
};

// One pass: copies and hashes. Throws when a source is not any more what the plan has seen.
LayerResult write_plan(const std::vector<PlannedEntry>& entries, const image::LayerStore& store,
                       const StatePaths& paths, int64_t epoch, const Cancel& cancel);

}  // namespace mini::build
