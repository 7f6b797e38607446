// The directory of a `RUN --mount=type=cache`: kept between builds, never part of a layer.
//
//   <root>/cache/mounts/<SHA-256 of the id>/   {"id", "target", "created"} in `info`; the files in
//                                              `data`; the mtime of `info` is the last use
//   <root>/cache/mounts/<SHA-256>.lock         held shared by users, exclusively when
//   sharing=locked
//                                              or private; never removed
//
// The id comes from a Dockerfile and is never used as a path (CVE-2024-9675).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "builder/build/event/cancel.h"
#include "builder/dockerfile/mount.h"
#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::build {

class CacheMount {
 public:
  struct Request {
    std::string id, target;
    dockerfile::MountSharing sharing = dockerfile::MountSharing::shared;
    uint32_t mode = 0755, uid = 0, gid = 0;
    // Makes the directory `path` with its first content; empty: it starts empty.
    std::function<void(const std::string& path)> seed;
  };
  // Waits for the lock as `sharing` demands; throws Cancelled.
  CacheMount(const StatePaths& paths, const Request& request, const Cancel& cancel);

  const std::string& directory() const { return directory_; }

 private:
  void lock(const std::string& base, const Request& request, const Cancel& cancel);

  std::string directory_;
  std::optional<FileLock> lock_;
};

struct CacheMountInfo {
  std::string name;  // 64 hex
  std::string id, target;
  int64_t created_ns = 0, used_ns = 0;
  uint64_t size = 0;
  bool in_use = false;
};
std::vector<CacheMountInfo> list_cache_mounts(const StatePaths& paths);
// False when a RUN holds it.
bool remove_cache_mount(const StatePaths& paths, const std::string& name);

}  // namespace mini::build
