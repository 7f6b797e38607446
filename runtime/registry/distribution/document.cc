#include "runtime/registry/distribution/document.h"

#include <algorithm>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/image/document/config.h"

namespace mini::registry {
namespace {

using image::is_manifest_type;

bool is_index_type(std::string_view type) {
  return type == image::kIndexType || type == image::kDockerIndexType;
}

// "arm64" means its version 8, and "arm" its version 7, when nothing is said.
std::string variant_of(const Platform& platform) {
  if (platform.architecture == "arm64" && platform.variant.empty()) return "v8";
  if (platform.architecture == "arm" && platform.variant.empty()) return "v7";
  return platform.variant;
}

[[noreturn]] void refuse_type(const std::string& name, std::string_view type) {
  const bool old = type.find("manifest.v1") != type.npos;
  throw Error(cat(name, ": ", quoted(type.substr(0, 150)), " is not an image manifest"),
              old ? "the image is in Docker's schema 1 format of before 2016: push it again" : "");
}

// What the members say: a list of manifests, or an image's layers; never both.
bool members_say_index(const JsonView& view, const std::string& name) {
  const bool index = view.find("manifests").has_value();
  const bool manifest = view.find("config") || view.find("layers") || view.find("fsLayers");
  if (index && manifest) throw Error(cat(name, ": both a manifest and an index"));
  if (!index && !manifest) throw Error(cat(name, ": neither a manifest nor an index"));
  return index;
}

}  // namespace

Platform Platform::parse(std::string_view text) {
  const auto parts = split(text, '/');
  const bool sound =
      (parts.size() == 2 || parts.size() == 3) &&
      std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
        return part.empty() || part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-") !=
                                   std::string::npos;
      });
  if (!sound)
    throw Error(cat("platform ", quoted(text), ": not a platform"),
                "OS/ARCHITECTURE[/VARIANT], such as linux/amd64", ErrorKind::usage);
  return {parts[0], parts[1], parts.size() == 3 ? parts[2] : ""};
}

Platform Platform::host() {
  return {"linux", image::host_architecture(), ""};
}

std::string Platform::str() const {
  return cat(os, '/', architecture, variant.empty() ? "" : "/", variant);
}

Document Document::parse(std::string bytes, std::string_view content_type,
                         const std::string& name) {
  const std::string announced(trim(content_type.substr(0, content_type.find(';'))));
  const Json json = parse_json(bytes, name);
  const JsonView view(json, name);
  const std::string own = view.string_or("mediaType");
  if (view.at("schemaVersion").integer() != 2) {
    if (!announced.empty()) refuse_type(name, announced);
    throw Error(cat(name, ": schemaVersion: only 2 is supported"));
  }
  const bool index = members_say_index(view, name);
  Document document;
  document.media_type = !own.empty() ? own
                        : is_manifest_type(announced) || is_index_type(announced)
                            ? announced
                            : std::string(index ? image::kIndexType : image::kManifestType);
  if (index ? !is_index_type(document.media_type) : !is_manifest_type(document.media_type)) {
    refuse_type(name, document.media_type);
  }
  const bool speaks = is_manifest_type(announced) || is_index_type(announced);
  if (speaks && announced != document.media_type)
    throw Error(cat(name, ": sent as ", announced, ", but declares ", document.media_type));
  document.digest = Digest::of(bytes);
  document.bytes = std::move(bytes);
  return document;
}

bool Document::is_index() const {
  return is_index_type(media_type);
}

std::vector<IndexItem> Document::items(const std::string& name) const {
  const Json json = parse_json(bytes, name);
  std::vector<IndexItem> items;
  for (const JsonView& view : JsonView(json, name).at("manifests").items()) {
    IndexItem item;
    item.manifest.media_type = view.at("mediaType").string();
    const std::string& type = item.manifest.media_type;
    if (!is_manifest_type(type) && !is_index_type(type)) continue;
    item.manifest.digest = with_context(cat(view.path(), ".digest"),
                                        [&] { return Digest::parse(view.at("digest").string()); });
    item.manifest.size = view.at("size").unsigned_integer();
    if (const auto platform = view.find("platform")) {
      item.platform.os = platform->string_or("os");
      item.platform.architecture = platform->string_or("architecture");
      item.platform.variant = platform->string_or("variant");
    }
    items.push_back(std::move(item));
  }
  return items;
}

const IndexItem& choose(const std::vector<IndexItem>& items, const Platform& wanted,
                        const std::string& name) {
  const IndexItem *best = nullptr, *untold = nullptr;
  int best_rank = 0;
  std::set<std::string> there;
  for (const IndexItem& item : items) {
    const Platform& platform = item.platform;
    if (platform == Platform{} && !untold) untold = &item;
    if (!platform.os.empty() && platform.os != "unknown") there.insert(platform.str());
    if (platform.os != wanted.os || platform.architecture != wanted.architecture) continue;
    const int rank = variant_of(platform) == variant_of(wanted) ? 3
                     : platform.variant.empty()                 ? 2
                     : wanted.variant.empty()                   ? 1
                                                                : 0;
    if (rank > best_rank) {
      best = &item;
      best_rank = rank;
    }
  }
  if (best) return *best;
  if (untold) return *untold;
  std::string list = printable(join(std::vector<std::string>(there.begin(), there.end()), ", "));
  if (list.size() > 300) list = list.substr(0, 300) + "…";
  throw Error(cat(name, ": not available for ", wanted.str()),
              list.empty() ? "" : cat("available: ", list), ErrorKind::not_found);
}

}  // namespace mini::registry
