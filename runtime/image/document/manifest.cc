#include "runtime/image/document/manifest.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

constexpr std::string_view kLayerTypes[] = {kLayerType,           kGzipLayerType,
                                            kZstdLayerType,       kDockerLayerType,
                                            kDockerGzipLayerType, kDockerZstdLayerType};

bool is_config_type(std::string_view media_type) {
  return media_type == kConfigType || media_type == kDockerConfigType;
}

Descriptor parse_known(const JsonView& view, bool (*known)(std::string_view)) {
  Descriptor descriptor = parse_descriptor(view);
  if (!known(descriptor.media_type)) {
    throw Error(cat(view.path(), ".mediaType: ", quoted(descriptor.media_type.substr(0, 150)),
                    " is not known here"),
                "only images of file systems are kept, not other artifacts");
  }
  return descriptor;
}

Json descriptor_json(const Descriptor& descriptor) {
  return {{"mediaType", descriptor.media_type},
          {"digest", descriptor.digest.str()},
          {"size", descriptor.size}};
}

}  // namespace

Descriptor parse_descriptor(const JsonView& view) {
  Descriptor descriptor;
  descriptor.media_type = view.at("mediaType").string();
  descriptor.digest = with_context(cat(view.path(), ".digest"),
                                   [&] { return Digest::parse(view.at("digest").string()); });
  descriptor.size = view.at("size").unsigned_integer();
  return descriptor;
}

bool is_manifest_type(std::string_view media_type) {
  return media_type == kManifestType || media_type == kDockerManifestType;
}

bool is_layer_type(std::string_view media_type) {
  return std::find(std::begin(kLayerTypes), std::end(kLayerTypes), media_type) !=
         std::end(kLayerTypes);
}

Manifest Manifest::parse(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  const JsonView view(document, name);
  if (view.at("schemaVersion").integer() != 2)
    throw Error(cat(name, ": schemaVersion: only 2 is known"));
  Manifest manifest;
  manifest.media_type = view.string_or("mediaType", kManifestType);
  if (!is_manifest_type(manifest.media_type)) {
    throw Error(cat(name, ": mediaType: ", quoted(manifest.media_type.substr(0, 150)),
                    " is no image manifest"));
  }
  if (document.contains("manifests") || document.contains("fsLayers")) {
    throw Error(cat(name, ": is a manifest and something else at once"));
  }
  manifest.config = parse_known(view.at("config"), is_config_type);
  for (const JsonView& item : view.at("layers").items())
    manifest.layers.push_back(parse_known(item, is_layer_type));
  return manifest;
}

std::string Manifest::to_json() const {
  Json array = Json::array();
  for (const Descriptor& layer : layers) array.push_back(descriptor_json(layer));
  return canonical({{"schemaVersion", 2},
                    {"mediaType", media_type},
                    {"config", descriptor_json(config)},
                    {"layers", std::move(array)}});
}

}  // namespace mini::image
