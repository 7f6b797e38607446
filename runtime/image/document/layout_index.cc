#include "runtime/image/document/layout_index.h"

#include "runtime/base/error.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/image/document/config.h"
#include "runtime/image/document/members.h"

namespace mini::image {
namespace {

constexpr int kNesting = 3;  // an index in an index in index.json

bool is_index_type(std::string_view media_type) {
  return media_type == kIndexType || media_type == kDockerIndexType;
}

}  // namespace

static void describe(JsonMembers& json, LayoutRow::Platform& platform) {
  json.required("os", platform.os);
  json.required("architecture", platform.architecture);
}

static void describe(JsonMembers& json, LayoutRow& row) {
  describe(json, row.descriptor);
  json("platform", row.platform);
  json.object("annotations", [&](JsonMembers& annotations) {
    annotations("io.containerd.image.name", row.full_name);
    annotations("org.opencontainers.image.ref.name", row.ref_name);
  });
}

namespace {

struct LayoutIndex {
  std::string media_type = kIndexType;
  std::vector<LayoutRow> manifests;
};

void describe(JsonMembers& json, LayoutIndex& index) {
  json.constant("schemaVersion", 2);
  json.check(!json.has("layers") && !json.has("config") && !json.has("fsLayers"), "",
             "is an index and a manifest at once");
  json.always("mediaType", index.media_type);
  json.check(is_index_type(index.media_type), "mediaType",
             cat(quoted(index.media_type.substr(0, 150)), " is no image index"));
  json.required("manifests", index.manifests);
}

Descriptor choose(const std::vector<LayoutRow>& candidates, const std::string& name) {
  const LayoutRow::Platform host{"linux", host_architecture()};
  std::vector<std::string> others;
  const LayoutRow* untold = nullptr;
  for (const LayoutRow& candidate : candidates) {
    if (candidate.platform == host) return candidate.descriptor;
    if (candidate.platform) {
      others.push_back(cat(candidate.platform->os, '/', candidate.platform->architecture));
    } else if (!untold) {
      untold = &candidate;
    }
  }
  if (untold) return untold->descriptor;
  if (candidates.size() == 1) return candidates[0].descriptor;
  throw Error(cat(name, ": has no image for linux/", host.architecture),
              candidates.empty() ? std::string() : cat("it has: ", printable(join(others, ", "))));
}

Descriptor choose_nested(const Descriptor& descriptor, const std::string& name,
                         const std::function<std::string(const Descriptor&)>& read, int nesting) {
  if (is_manifest_type(descriptor.media_type)) return descriptor;
  if (!is_index_type(descriptor.media_type) || nesting == 0)
    throw Error(cat(name, ": ", descriptor.digest.str(), ": mediaType ",
                    quoted(descriptor.media_type.substr(0, 150)), " is no image here"));
  const std::string shown = cat(name, ": index ", descriptor.digest.str());
  std::vector<LayoutRow> candidates = read_json<LayoutIndex>(read(descriptor), shown).manifests;
  // BuildKit's attestations are "unknown/unknown".
  std::erase_if(candidates, [](const LayoutRow& row) {
    return row.platform == LayoutRow::Platform{"unknown", "unknown"};
  });
  return choose_nested(choose(candidates, shown), name, read, nesting - 1);
}

}  // namespace

std::string LayoutRow::name() const {
  if (!full_name.empty()) return full_name;
  const bool only_a_tag = ref_name.find_first_of(":/") == std::string::npos;
  return only_a_tag ? std::string() : ref_name;
}

std::vector<LayoutRow> parse_layout_index(std::string_view json, const std::string& name) {
  return read_json<LayoutIndex>(json, cat(name, ": index.json")).manifests;
}

std::string layout_index_json(const std::vector<LayoutRow>& rows) {
  return write_json(LayoutIndex{kIndexType, rows});
}

Descriptor choose_platform(const Descriptor& descriptor, const std::string& name,
                           const std::function<std::string(const Descriptor&)>& read) {
  return choose_nested(descriptor, name, read, kNesting);
}

}  // namespace mini::image
