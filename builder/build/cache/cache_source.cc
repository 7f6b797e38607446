#include "builder/build/cache/cache_source.h"

#include <set>

#include "builder/build/cache/cache_image.h"
#include "builder/build/event/cancel.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {

RemoteCache::RemoteCache(const std::vector<std::shared_ptr<CacheSource>>& sources,
                         Reporter& reporter)
    : unopened_(sources), reporter_(reporter) {}

void RemoteCache::open(const std::shared_ptr<CacheSource>& source) {
  const CacheOffer offer = source->open();
  const std::string name = cat("build cache ", source->name());
  const std::vector<StepRecord> records = parse_cache_config(offer.config_json, name);
  const auto diff_ids = image::ImageConfig::parse(offer.config_json, name).diff_ids;
  if (diff_ids.size() != offer.layers.size())
    throw Error(cat(name, ": ", diff_ids.size(), " diff ids for ", offer.layers.size(), " layers"));
  if (records.empty())
    reporter_.warning(cat(name, ": an image without build records"),
                      "`mini build --cache-to` writes them");
  std::map<Digest, image::Descriptor> blobs;
  for (size_t i = 0; i < diff_ids.size(); ++i) blobs[diff_ids[i]] = offer.layers[i];
  for (const StepRecord& record : records)
    found_.emplace(record.key, Found{record, blobs.at(record.layer), source});
}

void RemoteCache::drop(const CacheSource& source, const Error& error) {
  reporter_.warning(cat("build cache ", source.name(), ": not used: ", error.what()), error.hint());
  std::erase_if(found_, [&](const auto& item) { return item.second.source.get() == &source; });
}

std::optional<StepRecord> RemoteCache::fetch(const Digest& key,
                                             const std::function<void(const Digest&)>& protect,
                                             const std::function<void()>& check) {
  for (const auto& source : std::exchange(unopened_, {})) {
    const std::string shown = cat("build cache ", source->name());
    reporter_.whole(EventKind::fetching, shown);
    try {
      open(source);
      reporter_.whole(EventKind::fetched, shown);
    } catch (const Error& error) {
      drop(*source, error);
    }
  }
  while (true) {
    const auto at = found_.find(key);
    if (at == found_.end()) return {};
    const Found found = at->second;
    try {
      protect(found.record.layer);
      found.source->fetch(found.blob, found.record.layer, check);
      return found.record;
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      drop(*found.source, error);
    }
  }
}

}  // namespace mini::build
