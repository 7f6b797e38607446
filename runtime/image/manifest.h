// An OCI image manifest (manifest.md) as a value. Layers that mini made are named as uncompressed
// tars, so a layer's digest is its diff id; such a tar is not kept but remade from the layer's tree
// when something needs it. Reading is strict: a document that is also an index is refused
// (CVE-2021-41190).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/digest.h"

namespace mini::image {

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";

struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;  // bottom first

  static Manifest parse(std::string_view json, const std::string& name);
  std::string to_json() const;
};

}  // namespace mini::image
