#include "builder/build/cache/cache.h"

#include <algorithm>

#include "builder/build/cache/cache_mount.h"
#include "builder/build/cache/step_record.h"
#include "builder/build/source/downloads.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

std::set<Digest> image_layers(const image::ImageStore& store) {
  std::set<Digest> layers;
  for (const image::ImageEntry& entry : store.list()) {
    for (const image::Layer& layer : store.load(entry).layers) layers.insert(layer.diff_id);
  }
  return layers;
}

bool selected(const CacheEntry& entry, const CachePrune& prune) {
  if (entry.in_use || (entry.shared && !prune.all)) return false;
  if (prune.unused_since && entry.used_ns >= *prune.unused_since) return false;
  if (!prune.types.empty() && !prune.types.contains(to_string(entry.type))) return false;
  return prune.ids.empty() ||
         std::any_of(prune.ids.begin(), prune.ids.end(),
                     [&](const std::string& id) { return entry.id.starts_with(id); });
}

bool drop(const image::ImageStore& store, const CacheEntry& entry) {
  if (entry.type == CacheEntry::Type::mount) return remove_cache_mount(store.paths(), entry.id);
  if (entry.type == CacheEntry::Type::download) return remove_download(store.paths(), entry.id);
  RecordStore(store.paths()).remove(Digest::from_hex(entry.id));
  return true;
}

}  // namespace

const char* to_string(CacheEntry::Type type) {
  switch (type) {
    case CacheEntry::Type::mount:
      return "exec.cachemount";
    case CacheEntry::Type::download:
      return "source.http";
    case CacheEntry::Type::record:
      break;
  }
  return "regular";
}

std::vector<CacheEntry> list_cache(const image::ImageStore& store) {
  std::vector<CacheEntry> entries;
  std::set<Digest> seen = image_layers(store);
  for (const StepRecord& record : RecordStore(store.paths()).list()) {
    CacheEntry entry;
    entry.id = record.key.hex();
    entry.description = record.description;
    entry.layer = record.layer;
    entry.size = record.size;
    entry.shared = !seen.insert(record.layer).second;
    entry.created_ns = record.created_ns;
    entry.used_ns = record.used_ns;
    entries.push_back(std::move(entry));
  }
  for (const CacheMountInfo& mount : list_cache_mounts(store.paths())) {
    CacheEntry entry;
    entry.id = mount.name;
    entry.type = CacheEntry::Type::mount;
    entry.description = cat("cache mount ", mount.target.empty() ? mount.id : mount.target);
    entry.size = mount.size;
    entry.in_use = mount.in_use;
    entry.created_ns = mount.created_ns;
    entry.used_ns = mount.used_ns;
    entries.push_back(std::move(entry));
  }
  for (const DownloadInfo& download : list_downloads(store.paths())) {
    CacheEntry entry;
    entry.id = download.id;
    entry.type = CacheEntry::Type::download;
    entry.description = download.url;
    entry.size = download.size;
    entry.in_use = download.in_use;
    entry.created_ns = entry.used_ns = download.used_ns;
    entries.push_back(std::move(entry));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const CacheEntry& a, const CacheEntry& b) { return a.used_ns < b.used_ns; });
  return entries;
}

std::set<Digest> cache_roots(const StatePaths& paths) {
  std::set<Digest> roots;
  for (const StepRecord& record : RecordStore(paths).list()) roots.insert(record.layer);
  return roots;
}

std::vector<CacheEntry> prune_cache(const image::ImageStore& store, const CachePrune& prune) {
  const std::vector<CacheEntry> entries = list_cache(store);
  uint64_t left = 0;
  for (const CacheEntry& entry : entries) left += entry.shared ? 0 : entry.size;
  std::vector<CacheEntry> dropped;
  for (const CacheEntry& entry : entries) {
    if (prune.keep_storage && left <= *prune.keep_storage) break;
    if (!selected(entry, prune)) continue;
    if (!prune.dry_run && !drop(store, entry)) continue;
    left -= entry.shared ? 0 : entry.size;
    dropped.push_back(entry);
  }
  return dropped;
}

}  // namespace mini::build
