// The build cache as its owner sees it: what is kept, how large it is, and taking it away. Three
// kinds of things: records (one per executed step: key -> layer), cache mounts (the directories of
// `RUN --mount=type=cache`) and downloads (the files of ADD URL). Records are roots of the garbage
// collection: a layer that only a record names is freed by dropping the record and collecting
// afterwards. A record whose layer is gone is a miss, never an error. Last-use times are kept to
// the hour.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/image/store/image_store.h"

namespace mini::build {

struct CacheEntry {
  std::string id;  // 64 hex
  enum class Type { record, mount, download } type = Type::record;
  std::string description;  // "RUN make", "cache mount /root/.cache", "http://…"
  std::optional<Digest> layer;
  uint64_t size = 0;    // bytes of the layer, or of the mount's files
  bool shared = false;  // the layer also belongs to an image, or to an earlier entry: dropping this
                        // frees nothing
  bool in_use = false;  // a build holds it now
  int64_t created_ns = 0, used_ns = 0;
};
const char* to_string(CacheEntry::Type type);  // "regular", "exec.cachemount", "source.http"

std::vector<CacheEntry> list_cache(const image::ImageStore& store);  // least recently used first

// Layers that records name: for image::collect_garbage.
std::set<Digest> cache_roots(const StatePaths& paths);

struct CachePrune {
  bool all = false;                      // also what is shared with images
  std::optional<int64_t> unused_since;   // only entries last used before this instant (ns)
  std::optional<uint64_t> keep_storage;  // stop when this many bytes are left
  std::set<std::string> ids;             // --filter id=, prefixes; empty: all
  std::set<std::string> types;           // --filter type=; empty: all
  bool dry_run = false;
};
// Drops entries, least recently used first; says which. Their layers go with the next
// image::collect_garbage, which the caller runs.
std::vector<CacheEntry> prune_cache(const image::ImageStore& store, const CachePrune& prune);

}  // namespace mini::build
