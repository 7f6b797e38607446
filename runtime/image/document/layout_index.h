// The index.json of an OCI image layout that another tool wrote (image-index.md, annotations.md):
// which images it has and how they are called. Reading is strict; a document that is also a
// manifest is refused (CVE-2021-41190). Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/document/manifest.h"

namespace mini::image {

struct LayoutRow {
  Descriptor descriptor;  // of a manifest, or of an index with one per platform
  std::string name;       // a reference as it is written; empty: none, or only a tag
  std::string ref;        // org.opencontainers.image.ref.name as it is
};

// `name` is for errors.
std::vector<LayoutRow> parse_layout_index(std::string_view json, const std::string& name);

// The manifest for this machine: `descriptor` itself, or what the index that it names has for
// linux on this architecture, or the only image in it. `read` gives an index's bytes, verified.
Descriptor choose_platform(const Descriptor& descriptor, const std::string& name,
                           const std::function<std::string(const Descriptor&)>& read);

}  // namespace mini::image
