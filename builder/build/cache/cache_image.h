// A build cache that travels between machines, as an OCI image that any registry stores and any
// layout holds (image specification, config.md and manifest.md): its layers are the layers of
// steps, and the config's member "mini.buildcache" says which step gave which of them:
//
//   [{"description": "RUN make", "layer": 0, "parts": [{"name": …, "value": …}]}]
//
// A record is found by its key, which is computed from the parts and never read, so a record cannot
// pass for another step's. The same records give the same bytes. Pure, but for cache_image().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/build/cache/step_record.h"
#include "runtime/image/store/image_store.h"

namespace mini::build {

// The image of these records; layers that the store lacks are left out, with their records. Only
// its manifest, config, config_json, manifest_json and layers are set.
image::Image cache_image(const image::ImageStore& store, std::vector<StepRecord> records);

// The records of such a config; each names one of the config's diff ids. None when it is any other
// image. Throws Error for what is malformed.
std::vector<StepRecord> parse_cache_config(std::string_view config_json, const std::string& name);

}  // namespace mini::build
