// How the parts of image documents that stand in other documents too are read and written; see
// runtime/base/json_members.h.
#pragma once

#include "runtime/image/document/config.h"
#include "runtime/image/document/manifest.h"

namespace mini {
class JsonMembers;
}

namespace mini::image {

void describe(JsonMembers& json, Healthcheck& check);
void describe(JsonMembers& json, ImageConfig& config);
void describe(JsonMembers& json, Descriptor& descriptor);  // any media type

}  // namespace mini::image
