#include "runtime/image/document/manifest.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/image/document/members.h"

namespace mini::image {
namespace {

constexpr std::string_view kLayerTypes[] = {kLayerType,           kGzipLayerType,
                                            kZstdLayerType,       kDockerLayerType,
                                            kDockerGzipLayerType, kDockerZstdLayerType};

bool is_config_type(std::string_view media_type) {
  return media_type == kConfigType || media_type == kDockerConfigType;
}

void check_type(const JsonMembers& json, const std::string& place, const Descriptor& descriptor,
                bool (*known)(std::string_view)) {
  json.check(known(descriptor.media_type), place + ".mediaType",
             cat(quoted(descriptor.media_type.substr(0, 150)), " is not known here"),
             "only images of file systems are kept, not other artifacts");
}

}  // namespace

void describe(JsonMembers& json, Descriptor& descriptor) {
  json.required("mediaType", descriptor.media_type);
  json.required("digest", descriptor.digest);
  json.required("size", descriptor.size);
}

static void describe(JsonMembers& json, Manifest& manifest) {
  json.constant("schemaVersion", 2);
  json.always("mediaType", manifest.media_type);
  json.check(is_manifest_type(manifest.media_type), "mediaType",
             cat(quoted(manifest.media_type.substr(0, 150)), " is no image manifest"));
  json.check(!json.has("manifests") && !json.has("fsLayers"), "",
             "is a manifest and something else at once");
  json.required("config", manifest.config);
  check_type(json, "config", manifest.config, is_config_type);
  json.required("layers", manifest.layers);
  for (size_t i = 0; i < manifest.layers.size(); ++i)
    check_type(json, cat("layers[", i, ']'), manifest.layers[i], is_layer_type);
}

bool is_manifest_type(std::string_view media_type) {
  return media_type == kManifestType || media_type == kDockerManifestType;
}

bool is_layer_type(std::string_view media_type) {
  return std::find(std::begin(kLayerTypes), std::end(kLayerTypes), media_type) !=
         std::end(kLayerTypes);
}

Manifest Manifest::parse(std::string_view json, const std::string& name) {
  return read_json<Manifest>(json, name);
}

std::string Manifest::to_json() const {
  return write_json(*this);
}

}  // namespace mini::image
