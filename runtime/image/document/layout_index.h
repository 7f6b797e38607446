// An image index (image-index.md, annotations.md) as a value: the index.json of an OCI image layout
// in an archive, or one manifest per platform. Reading is strict; a document that is also a
// manifest is refused (CVE-2021-41190). Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/document/manifest.h"

namespace mini::image {

struct LayoutRow {
  Descriptor descriptor;  // of a manifest, or of an index with one per platform
  struct Platform {
    std::string os, architecture;
    bool operator==(const Platform&) const = default;
  };
  std::optional<Platform> platform;
  // Annotations. buildkit and containerd write the full name beside the tag; skopeo the text that
  // it was given; podman the full name.
  std::string full_name, ref_name;

  std::string name() const;  // a reference as it is written; empty: none, or only a tag
};

// `name` is for errors.
std::vector<LayoutRow> parse_layout_index(std::string_view json, const std::string& name);
std::string layout_index_json(const std::vector<LayoutRow>& rows);

// The manifest for this machine: `descriptor` itself, or what the index that it names has for
// linux on this architecture, or the only image in it. `read` gives an index's bytes, verified.
Descriptor choose_platform(const Descriptor& descriptor, const std::string& name,
                           const std::function<std::string(const Descriptor&)>& read);

}  // namespace mini::image
