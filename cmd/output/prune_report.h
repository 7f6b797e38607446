// What every prune command shares: the question before, the build cache's part, and the report
// after.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder/build/cache/cache.h"
#include "runtime/engine/lifecycle/prune.h"

namespace mini::cmd {

// Shows the warning on standard error and reads one line from `in_fd`. Only "y" and "yes" (in
// any case) are a yes; the end of the input is a no.
bool confirmed(int in_fd, const std::string& warning);

class PruneReport {
 public:
  explicit PruneReport(bool dry_run) : dry_run_(dry_run) {}
  // `things`: "Containers".
  void add(const std::string& things, const std::vector<std::string>& removed, uint64_t bytes);
  // "Deleted Containers:" and what they were, for each kind; nothing when nothing went.
  std::string sections() const;
  // The same, and last "Total reclaimed space: 1.84kB".
  std::string str() const;

 private:
  bool dry_run_;
  uint64_t bytes_ = 0;
  std::vector<std::pair<std::string, std::vector<std::string>>> sections_;
};

struct CachePruned {
  std::vector<build::CacheEntry> entries;
  std::vector<std::string> ids;
  uint64_t mount_bytes = 0;  // freed at once; layers are counted by the collection that follows
  engine::Roots roots;       // what the cache still holds afterwards (or would hold)
};
CachePruned prune_build_cache(const image::ImageStore& store, const build::CachePrune& prune);

}  // namespace mini::cmd
