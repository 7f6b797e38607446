// A blob that is being fetched: <root>/partial/<hex>, its first bytes as they came, and the lock
// <hex>.lock of whoever is fetching it. It survives its process, so that the next pull goes on
// where this one stopped. The collector takes away what nobody holds and nobody has written to for
// kPartialAge; a prune, whatever nobody holds.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/digest.h"
#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::image {

constexpr int64_t kPartialAge = int64_t{7} * 24 * 3600;  // seconds

class PartialBlob {
 public:
  // Waits for another process that is fetching the same.
  PartialBlob(const StatePaths& paths, const Digest& digest);
  PartialBlob(const PartialBlob&) = delete;
  ~PartialBlob();  // the lock's file goes with it when nothing is left to go on with

  const std::string& path() const { return path_; }
  uint64_t size() const;  // 0 when there is none
  void remove() const;

  // Gives the bytes that the disk gained. `age` in seconds.
  static uint64_t remove_old(const StatePaths& paths, int64_t age, bool dry_run = false);

 private:
  std::string path_;
  FileLock lock_;
};

}  // namespace mini::image
