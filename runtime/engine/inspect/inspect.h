// What `inspect` prints: Docker's field names, in Docker's order. Pure but for what it reads of the
// stores it is given.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runtime/engine/record/engine.h"
#include "runtime/engine/record/volumes.h"

namespace mini::engine {

nlohmann::ordered_json inspect_container(const ContainerStore& store, const Record& record,
                                         bool with_size = false);
nlohmann::ordered_json inspect_image(const image::ImageStore& store, const image::Image& image);
nlohmann::ordered_json inspect_volume(const Volume& volume, bool with_size = false);

// The Mounts array of a container: Type Name Source Destination Mode RW Propagation.
nlohmann::ordered_json inspect_mounts(const ContainerStore& store, const Record& record);

}  // namespace mini::engine
