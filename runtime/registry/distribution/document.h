// What a registry gives for a tag or a digest: an image manifest, or an index of them, as OCI and
// Docker write them (image specification, manifest.md and image-index.md). What it is, is said by
// the Content-Type, the document's own mediaType and its members, and all must agree
// (CVE-2021-41190). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/image/document/manifest.h"

namespace mini::registry {

struct Platform {
  std::string os, architecture, variant;

  static Platform parse(std::string_view text);  // "linux/arm64[/v8]"; throws Error (usage)
  static Platform host();
  std::string str() const;
  bool operator==(const Platform&) const = default;
};

struct IndexItem {
  image::Descriptor manifest;
  Platform platform;
};

struct Document {
  std::string bytes;
  std::string media_type;
  Digest digest;

  // `content_type` as the registry said, perhaps empty. Throws Error for what is neither.
  static Document parse(std::string bytes, std::string_view content_type, const std::string& name);
  bool is_index() const;
  // Of an index: manifests and further indexes. What is neither (attestations, …) is left out.
  std::vector<IndexItem> items(const std::string& name) const;
};

// The item for `wanted`: same system and architecture, then the same variant, else one without,
// else the first; else the first that names no platform. Throws not_found that names those there
// are.
const IndexItem& choose(const std::vector<IndexItem>& items, const Platform& wanted,
                        const std::string& name);

}  // namespace mini::registry
