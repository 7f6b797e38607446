#include "builder/build/cache/cache_image.h"

#include <algorithm>
#include <map>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/image/store/blob_store.h"

namespace mini::build {
namespace {

constexpr const char* kMember = "mini.buildcache";

Json parts_json(const std::vector<KeyPart>& parts) {
  Json list = Json::array();
  for (const KeyPart& part : parts) list.push_back({{"name", part.name}, {"value", part.value}});
  return list;
}

image::Descriptor stored_as(const image::ImageStore& store, const image::Layer& layer) {
  if (layer.blob && image::BlobStore(store.paths()).has(*layer.blob)) return *layer.blob;
  return {image::kLayerType, layer.diff_id, layer.size};
}

StepRecord parse_travelled(const JsonView& view, const std::vector<Digest>& diff_ids) {
  StepRecord record;
  record.description = view.at("description").string();
  StepKey key;
  for (const JsonView& part : view.at("parts").items())
    key.add(part.at("name").string(), part.at("value").string());
  record.parts = key.parts();
  record.key = key.digest();
  const uint64_t layer = view.at("layer").unsigned_integer();
  if (layer >= diff_ids.size()) throw Error(cat(view.path(), ".layer: there is no layer ", layer));
  record.layer = diff_ids[layer];
  return record;
}

}  // namespace

image::Image cache_image(const image::ImageStore& store, std::vector<StepRecord> records) {
  std::sort(records.begin(), records.end(),
            [](const StepRecord& a, const StepRecord& b) { return a.key < b.key; });
  image::Image image;
  image.config.os = "linux";
  image.config.architecture = image::host_architecture();
  std::map<Digest, size_t> places;
  Json list = Json::array();
  for (const StepRecord& record : records) {
    if (!places.contains(record.layer)) {
      const auto layer = store.layers().find(record.layer);
      if (!layer) continue;
      places[record.layer] = image.layers.size();
      image.layers.push_back(*layer);
      image.config.diff_ids.push_back(layer->diff_id);
      image.manifest.layers.push_back(stored_as(store, *layer));
    }
    list.push_back({{"description", record.description},
                    {"layer", places[record.layer]},
                    {"parts", parts_json(record.parts)}});
  }
  Json config = parse_json(image.config.to_json(), "config");
  config[kMember] = std::move(list);
  image.config_json = canonical(config);
  if (image.config_json.size() > image::BlobStore::kLimit)
    throw Error(cat("build cache: its records take more than ", image::BlobStore::kLimit, " bytes"),
                "export with mode=min");
  image.manifest.config = {image::kConfigType, Digest::of(image.config_json),
                           image.config_json.size()};
  image.manifest_json = image.manifest.to_json();
  return image;
}

std::vector<StepRecord> parse_cache_config(std::string_view config_json, const std::string& name) {
  const std::vector<Digest> diff_ids = image::ImageConfig::parse(config_json, name).diff_ids;
  const Json json = parse_json(config_json, name);
  std::vector<StepRecord> records;
  if (const auto list = JsonView(json, name).find(kMember))
    for (const JsonView& item : list->items()) records.push_back(parse_travelled(item, diff_ids));
  return records;
}

}  // namespace mini::build
