#include "runtime/image/document/layout_index.h"

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/image/document/config.h"

namespace mini::image {
namespace {

constexpr int kNesting = 3;  // an index in an index in index.json

bool is_index_type(std::string_view media_type) {
  return media_type == kIndexType || media_type == kDockerIndexType;
}

std::vector<JsonView> manifests_of(const Json& document, const std::string& name) {
  const JsonView view(document, name);
  if (view.at("schemaVersion").integer() != 2)
    throw Error(cat(name, ": schemaVersion: only 2 is known"));
  if (document.contains("layers") || document.contains("config") || document.contains("fsLayers"))
    throw Error(cat(name, ": is an index and a manifest at once"));
  if (const std::string type = view.string_or("mediaType", kIndexType); !is_index_type(type))
    throw Error(cat(name, ": mediaType: ", quoted(type.substr(0, 150)), " is no image index"));
  return view.at("manifests").items();
}

// buildkit and containerd write the whole name beside the tag; skopeo what it was told; podman the
// whole name.
std::string name_in(const JsonView& view) {
  const auto annotations = view.find("annotations");
  if (!annotations) return {};
  if (std::string full = annotations->string_or("io.containerd.image.name"); !full.empty())
    return full;
  std::string text = annotations->string_or("org.opencontainers.image.ref.name");
  const bool only_a_tag = text.find_first_of(":/") == std::string::npos;
  return only_a_tag ? std::string() : text;
}

std::string ref_in(const JsonView& view) {
  const auto annotations = view.find("annotations");
  return annotations ? annotations->string_or("org.opencontainers.image.ref.name") : std::string();
}

struct Candidate {
  Descriptor descriptor;
  std::string platform;  // "linux/amd64"; empty: not told
};

std::string platform_of(const JsonView& view) {
  const auto platform = view.find("platform");
  if (!platform) return {};
  return cat(platform->at("os").string(), '/', platform->at("architecture").string());
}

Descriptor choose(const std::vector<Candidate>& candidates, const std::string& name) {
  const std::string host = cat("linux/", host_architecture());
  std::vector<std::string> others;
  const Candidate* untold = nullptr;
  for (const Candidate& candidate : candidates) {
    if (candidate.platform == host) return candidate.descriptor;
    others.push_back(candidate.platform);
    if (candidate.platform.empty() && !untold) untold = &candidate;
  }
  if (untold) return untold->descriptor;
  if (candidates.size() == 1) return candidates[0].descriptor;
  throw Error(cat(name, ": has no image for ", host),
              candidates.empty() ? std::string() : cat("it has: ", printable(join(others, ", "))));
}

Descriptor choose_nested(const Descriptor& descriptor, const std::string& name,
                         const std::function<std::string(const Descriptor&)>& read, int nesting) {
  if (is_manifest_type(descriptor.media_type)) return descriptor;
  if (!is_index_type(descriptor.media_type) || nesting == 0)
    throw Error(cat(name, ": ", descriptor.digest.str(), ": mediaType ",
                    quoted(descriptor.media_type.substr(0, 150)), " is no image here"));
  const std::string shown = cat(name, ": index ", descriptor.digest.str());
  const Json document = parse_json(read(descriptor), shown);
  std::vector<Candidate> candidates;
  for (const JsonView& view : manifests_of(document, shown)) {
    Candidate candidate{parse_descriptor(view), platform_of(view)};
    // BuildKit's attestations are "unknown/unknown".
    if (candidate.platform != "unknown/unknown") candidates.push_back(std::move(candidate));
  }
  return choose_nested(choose(candidates, shown), name, read, nesting - 1);
}

}  // namespace

std::vector<LayoutRow> parse_layout_index(std::string_view json, const std::string& name) {
  const std::string shown = cat(name, ": index.json");
  const Json document = parse_json(json, shown);
  std::vector<LayoutRow> rows;
  for (const JsonView& view : manifests_of(document, shown))
    rows.push_back({parse_descriptor(view), name_in(view), ref_in(view)});
  return rows;
}

Descriptor choose_platform(const Descriptor& descriptor, const std::string& name,
                           const std::function<std::string(const Descriptor&)>& read) {
  return choose_nested(descriptor, name, read, kNesting);
}

}  // namespace mini::image
