#include "builder/build/cache/cache_image.h"

#include <algorithm>
#include <map>

#include "runtime/base/error.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/image/document/members.h"
#include "runtime/image/store/blob_store.h"

namespace mini::build {
namespace {

constexpr const char* kMember = "mini.buildcache";

// A record as it travels: `layer` counts the config's diff ids.
struct Travelling {
  std::string description;
  uint64_t layer = 0;
  std::vector<KeyPart> parts;
};

void describe(JsonMembers& json, Travelling& record) {
  json.required("description", record.description);
  json.required("layer", record.layer);
  json.required("parts", record.parts);
}

// An image config with one more member.
struct CacheConfig {
  image::ImageConfig image;
  std::vector<Travelling> records;
};

void describe(JsonMembers& json, CacheConfig& config) {
  describe(json, config.image);
  json.always(kMember, config.records);
  for (size_t i = 0; i < config.records.size(); ++i) {
    const uint64_t layer = config.records[i].layer;
    json.check(layer < config.image.diff_ids.size(), cat(kMember, '[', i, "].layer"),
               cat("there is no layer ", layer));
  }
}

image::Descriptor stored_as(const image::ImageStore& store, const image::Layer& layer) {
  if (layer.blob && image::BlobStore(store.paths()).has(*layer.blob)) return *layer.blob;
  return {image::kLayerType, layer.diff_id, layer.size};
}

}  // namespace

image::Image cache_image(const image::ImageStore& store, std::vector<StepRecord> records) {
  std::sort(records.begin(), records.end(),
            [](const StepRecord& a, const StepRecord& b) { return a.key < b.key; });
  image::Image image;
  image.config.os = "linux";
  image.config.architecture = image::host_architecture();
  std::map<Digest, size_t> places;
  std::vector<Travelling> list;
  for (const StepRecord& record : records) {
    if (!places.contains(record.layer)) {
      const auto layer = store.layers().find(record.layer);
      if (!layer) continue;
      places[record.layer] = image.layers.size();
      image.layers.push_back(*layer);
      image.config.diff_ids.push_back(layer->diff_id);
      image.manifest.layers.push_back(stored_as(store, *layer));
    }
    list.push_back({record.description, places[record.layer], record.parts});
  }
  image.config_json = write_json(CacheConfig{image.config, std::move(list)});
  if (image.config_json.size() > image::BlobStore::kLimit)
    throw Error(cat("build cache: its records take more than ", image::BlobStore::kLimit, " bytes"),
                "export with mode=min");
  image.manifest.config = {image::kConfigType, Digest::of(image.config_json),
                           image.config_json.size()};
  image.manifest_json = image.manifest.to_json();
  return image;
}

std::vector<StepRecord> parse_cache_config(std::string_view config_json, const std::string& name) {
  const auto config = read_json<CacheConfig>(config_json, name);
  std::vector<StepRecord> records;
  for (const Travelling& from : config.records) {
    StepKey key;
    for (const KeyPart& part : from.parts) key.add(part.name, part.value);
    StepRecord& record = records.emplace_back();
    record.key = key.digest();
    record.description = from.description;
    record.parts = key.parts();
    record.layer = config.image.diff_ids[from.layer];
  }
  return records;
}

}  // namespace mini::build
