#include "runtime/registry/distribution/push_memory.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/json_members.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/image/store/blob_store.h"

namespace mini::registry {
namespace {

constexpr size_t kPlaces = 8;    // remembered for a layer
constexpr size_t kImages = 200;  // looked through for places

std::string repository_of(const std::string& place, const std::string& registry) {
  const std::string prefix = registry + "/";
  return place.starts_with(prefix) ? place.substr(prefix.size()) : std::string();
}

}  // namespace

static void describe(JsonMembers& json, PushRecord& record) {
  json.required("digest", record.blob.digest);
  json.required("size", record.blob.size);
  json.always("places", record.places);
}

PushMemory::PushMemory(const image::ImageStore& store)
    : store_(store), directory_(store.paths().root + "/cache/push") {
  make_directories(directory_, 0700);
  forget_removed_layers();
  size_t seen = 0;
  for (const image::ImageEntry& entry : store_.list()) {
    if (entry.repo_digests.empty() || ++seen > kImages) continue;
    try {
      const std::string name = cat("image ", entry.id.short_id());
      const auto manifest = image::Manifest::parse(
          image::BlobStore(store_.paths()).read(entry.manifest, 0, name), name);
      for (const std::string& place : entry.repo_digests) {
        for (const image::Descriptor& layer : manifest.layers)
          places_[layer.digest].push_back(place.substr(0, place.find('@')));
      }
    } catch (const Error& error) {
      debug(error.what());
    }
  }
}

std::string PushMemory::path(const Digest& diff_id, PushFormat format) const {
  return cat(directory_, '/', diff_id.hex(), format == PushFormat::gzip ? ".gzip" : ".zstd");
}

void PushMemory::forget_removed_layers() const {
  for (const std::string& name : list_directory(directory_)) {
    const std::string hex = name.substr(0, name.find('.'));
    if (Digest::is_valid("sha256:" + hex) && store_.layers().find(Digest::from_hex(hex))) continue;
    unlink(cat(directory_, '/', name).c_str());
  }
}

std::optional<PushRecord> PushMemory::find(const Digest& diff_id, PushFormat format) const {
  const std::string file = path(diff_id, format);
  const auto text = read_file_if_exists(file, kJsonLimit);
  if (!text) return {};
  try {
    return read_json<PushRecord>(*text, file);
  } catch (const Error& error) {
    debug(error.what());  // torn by a power cut
    return {};
  }
}

void PushMemory::put(const Digest& diff_id, PushFormat format, PushRecord record,
                     const std::string& place) const {
  std::erase(record.places, place);
  record.places.push_back(place);
  if (record.places.size() > kPlaces) record.places.erase(record.places.begin());
  replace_file(path(diff_id, format), write_json(record), false, 0600);
}

std::vector<std::string> PushMemory::repositories(const Digest& blob, const std::string& registry,
                                                  const std::string& repository) const {
  std::vector<std::string> found;
  const auto known = places_.find(blob);
  if (known == places_.end()) return found;
  for (const std::string& place : known->second) {
    const std::string name = repository_of(place, registry);
    if (!name.empty() && name != repository &&
        std::find(found.begin(), found.end(), name) == found.end())
      found.push_back(name);
  }
  return found;
}

}  // namespace mini::registry
