// An image manifest as a value: OCI's (manifest.md) or Docker's (distribution, "Image Manifest
// Version 2, Schema 2"), which differ in media types only. Layers that mini made are named as
// uncompressed tars, so a layer's digest is its diff id; such a tar is not kept but remade from the
// layer's tree when something needs it. Reading is strict: unknown types, and a document that is
// also an index, are refused (CVE-2021-41190).
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
constexpr const char* kGzipLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr const char* kZstdLayerType = "application/vnd.oci.image.layer.v1.tar+zstd";
constexpr const char* kDockerManifestType = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kDockerIndexType =
    "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr const char* kDockerConfigType = "application/vnd.docker.container.image.v1+json";
constexpr const char* kDockerLayerType = "application/vnd.docker.image.rootfs.diff.tar";
constexpr const char* kDockerGzipLayerType = "application/vnd.docker.image.rootfs.diff.tar.gzip";
constexpr const char* kDockerZstdLayerType = "application/vnd.docker.image.rootfs.diff.tar.zstd";

bool is_manifest_type(std::string_view media_type);
bool is_layer_type(std::string_view media_type);

struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
  bool operator==(const Descriptor&) const = default;
};

struct Manifest {
  std::string media_type = kManifestType;
  Descriptor config;
  std::vector<Descriptor> layers;  // bottom first

  static Manifest parse(std::string_view json, const std::string& name);
  std::string to_json() const;
};

}  // namespace mini::image
