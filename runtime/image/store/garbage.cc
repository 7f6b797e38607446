#include "runtime/image/store/garbage.h"

#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/lock.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/image/document/index.h"
#include "runtime/image/document/manifest.h"
#include "runtime/image/store/blob_store.h"
#include "runtime/image/store/lease.h"
#include "runtime/image/store/partial.h"

namespace mini::image {
namespace {

constexpr const char* kTrashLock = ".lock";

struct Live {
  std::set<Digest> layers, blobs;
};

// What the index leads to. An image that cannot be read might need anything: then nothing is
// collected at all.
Live live_content(const StatePaths& paths) {
  const BlobStore blobs(paths);
  Live live;
  for (const IndexRow& row : IndexFile(paths).read()) {
    if (!live.blobs.insert(row.manifest).second) continue;
    const std::string shown = cat("image ", row.id.short_id());
    const Manifest manifest =
        Manifest::parse(blobs.read(row.manifest, row.manifest_size, shown), shown);
    live.blobs.insert(manifest.config.digest);
    // Kept blobs of layers live as long as a manifest names them.
    for (const Descriptor& layer : manifest.layers) live.blobs.insert(layer.digest);
    const ImageConfig config =
        ImageConfig::parse(blobs.read(manifest.config.digest, manifest.config.size, shown), shown);
    live.layers.insert(config.diff_ids.begin(), config.diff_ids.end());
  }
  return live;
}

// Something that nothing refers to.
struct Dead {
  std::string path, trash;
};

// Empties the trash. Two emptying it at once would count the same bytes twice, so the second leaves
// it to the first.
void empty_trash(const StatePaths& paths) {
  const std::string trash = paths.root + "/trash";
  if (list_directory(trash).empty()) return;
  const std::string lock_path = cat(trash, '/', kTrashLock);
  const auto lock = FileLock::try_acquire(lock_path, LockMode::exclusive);
  if (!lock) return;
  for (const std::string& name : list_directory(trash)) {
    if (name != kTrashLock) remove_tree(cat(trash, '/', name));
  }
  remove_tree(lock_path);
}

}  // namespace

void remove_leftovers(const StatePaths& paths) {
  files::Scratch::remove_dead(paths);
  empty_trash(paths);
  PartialBlob::remove_old(paths, kPartialAge);
}

Reclaimed collect_garbage(ImageStore& store, const std::function<std::set<Digest>()>& roots,
                          bool dry_run) {
  const StatePaths& paths = store.paths();
  const BlobStore blobs(paths);
  Reclaimed reclaimed;
  std::vector<Dead> dead;
  std::optional<FileLock> lock = store.lock(dry_run ? LockMode::shared : LockMode::exclusive);
  Live live = live_content(paths);
  if (roots) live.layers.merge(roots());
  for (const Digest& leased : Lease::protected_content(paths)) {
    live.layers.insert(leased);
    live.blobs.insert(leased);
  }
  const auto bury = [&](const Digest& digest, const std::string& path, std::vector<Digest>& list) {
    list.push_back(digest);
    dead.push_back({path, cat(paths.root, "/trash/", random_hex(24))});
  };
  for (const Digest& digest : store.layers().list()) {
    if (!live.layers.contains(digest))
      bury(digest, cat(paths.root, "/layers/", digest.hex()), reclaimed.layers);
  }
  for (const Digest& digest : blobs.list()) {
    if (!live.blobs.contains(digest)) bury(digest, blobs.path(digest), reclaimed.blobs);
  }
  if (dry_run) {
    lock.reset();
    for (const Dead& one : dead) reclaimed.bytes += disk_usage(one.path);
    return reclaimed;
  }
  // The references went first, durably; from here on a crash leaves only rubbish in the trash.
  for (const Dead& one : dead) rename_path(one.path, one.trash);
  lock.reset();
  for (const Dead& one : dead) {
    const uint64_t bytes = disk_usage(one.trash);
    remove_tree(one.trash);
    reclaimed.bytes += bytes;
  }
  return reclaimed;
}

}  // namespace mini::image
