#include "runtime/image/manifest.h"

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

Descriptor parse_descriptor(const JsonView& view, std::string_view expected) {
  Descriptor descriptor;
  descriptor.media_type = view.at("mediaType").string();
  if (descriptor.media_type != expected) {
    throw Error(cat(view.path(), ".mediaType: ", quoted(descriptor.media_type.substr(0, 150)),
                    " is not known here"),
                cat("expected ", expected));
  }
  descriptor.digest = with_context(cat(view.path(), ".digest"),
                                   [&] { return Digest::parse(view.at("digest").string()); });
  descriptor.size = view.at("size").unsigned_integer();
  return descriptor;
}

Json descriptor_json(const Descriptor& descriptor) {
  return {{"mediaType", descriptor.media_type},
          {"digest", descriptor.digest.str()},
          {"size", descriptor.size}};
}

}  // namespace

Manifest Manifest::parse(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name);
  const JsonView view(document, name);
  if (view.at("schemaVersion").integer() != 2)
    throw Error(cat(name, ": schemaVersion: only 2 is known"));
  if (const std::string type = view.string_or("mediaType", kManifestType); type != kManifestType) {
    throw Error(cat(name, ": mediaType: ", quoted(type.substr(0, 150)), " is no image manifest"));
  }
  if (document.contains("manifests") || document.contains("fsLayers")) {
    throw Error(cat(name, ": is a manifest and something else at once"));
  }
  Manifest manifest;
  manifest.config = parse_descriptor(view.at("config"), kConfigType);
  for (const JsonView& item : view.at("layers").items())
    manifest.layers.push_back(parse_descriptor(item, kLayerType));
  return manifest;
}

std::string Manifest::to_json() const {
  Json array = Json::array();
  for (const Descriptor& layer : layers) array.push_back(descriptor_json(layer));
  return canonical({{"schemaVersion", 2},
                    {"mediaType", kManifestType},
                    {"config", descriptor_json(config)},
                    {"layers", std::move(array)}});
}

}  // namespace mini::image
