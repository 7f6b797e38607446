// Takes away what nothing refers to: layers and blobs that no image, no living lease and none of
// the caller's roots names, what dead processes left in tmp/ and trash/. Holds the store's lock
// exclusively only while it decides and renames into trash/; unlinking comes after. Also the check
// of everything, `fsck`.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "runtime/image/store/image_store.h"

namespace mini::image {

struct Reclaimed {
  std::vector<Digest> layers, blobs;
  uint64_t bytes = 0;  // what the disk gained
};

// `roots`: asked for while the lock is held, so that it sees every container and build-cache
// record.
Reclaimed collect_garbage(ImageStore& store, const std::function<std::set<Digest>()>& roots,
                          bool dry_run = false);

// Cheap, at the start of every writing command: removes tmp/ and trash/ entries without a living
// owner, and old blobs of pulls that nobody went on with.
void remove_leftovers(const StatePaths& paths);

struct Finding {
  std::string object, problem;
};
struct FsckReport {
  std::vector<Finding> findings;
  uint64_t layers = 0, blobs = 0, images = 0, bytes_read = 0;
};
// Re-reads every blob and remakes every layer's tar; compares digests and sizes; index and
// manifests consistent. Changes nothing.
FsckReport fsck(const ImageStore& store);

}  // namespace mini::image
