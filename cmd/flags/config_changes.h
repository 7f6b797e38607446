// --change of import and commit: instructions of a Dockerfile that change an image's config.
#pragma once

#include <string>
#include <vector>

#include "runtime/image/document/config.h"

namespace mini::cmd {

// In order, each seeing the ones before it; `history` and `created` stay as they are. Throws Error
// (usage) for an instruction that changes no config.
void apply_changes(image::ImageConfig& config, const std::vector<std::string>& changes);

}  // namespace mini::cmd
