// Layers, each held once. A layer is named by its diff id (SHA-256 of its uncompressed tar) and
// held as a directory that can be an overlay lower: whiteouts are overlay's own (character device
// 0/0, opaque attribute). Only this file and its .cc know how a layer is held.
//
//   <root>/layers/<hex>/tree          the files
//   <root>/layers/<hex>/layer.json    {"size": tar bytes, "files": n, "epoch": mtime clamp}, or
//   "blob", the descriptor of what it came as, instead of "epoch"; written before the directory is
//   renamed into place
//   <root>/layers/<hex>/recipe        only of layers from outside (tar_recipe.h): how their tar,
//   which is not our canonical one, is made again
//   <root>/layers/<hex>/replaced      only of those whose tar has a name twice (tar_recipe.h)
//
// A layer in the making is a Draft: a private directory in <root>/tmp, locked by its owner, so that
// what a dead process left is recognised. Drafts become layers by `publish`, many at once: ONE
// syncfs, then renames, then a sync of layers/. A reader sees a layer whole or not at all. Layers
// are never changed. Removing is the collector's work (garbage.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/state_paths.h"
#include "runtime/files/scratch.h"
#include "runtime/image/document/manifest.h"

namespace mini::image {

struct Layer {
  Digest diff_id;
  uint64_t size = 0;   // bytes of the uncompressed tar
  uint64_t files = 0;  // entries of the tar
  std::string lower;   // the directory for overlay's lowerdir
  // The compressed form in which it came first. Whether it is still kept is for BlobStore to say.
  std::optional<Descriptor> blob;
};

// A directory below tmp/ that only its owner uses, removed by the owner, or by the next command
// when the owner died.
class Draft {
 public:
  explicit Draft(const StatePaths& paths);
  Draft(Draft&&) noexcept = default;  // a Draft that was not published is removed when it goes
  Draft& operator=(Draft&&) noexcept = default;

  const std::string& path() const { return scratch_.path(); }
  std::string tree() const { return path() + "/tree"; }      // exists, empty, mode 0755, owner 0:0
  std::string work() const { return path() + "/work"; }      // for overlay's workdir; exists
  std::string recipe() const { return path() + "/recipe"; }  // for a layer from outside
  std::string replaced() const { return path() + "/replaced"; }

 private:
  friend class LayerStore;
  files::Scratch scratch_;
  std::optional<Layer> sealed_;
};

class LayerStore {
 public:
  explicit LayerStore(const StatePaths& paths);

  std::optional<Layer> find(const Digest& diff_id) const;  // complete layers only
  Layer get(const Digest& diff_id) const;                  // throws not_found
  std::vector<Digest> list() const;

  // Draft whose tree was filled by an overlay (upper) -> a described layer: modification times are
  // clamped to `epoch` on disk, overlay's private attributes are dropped, the canonical tar is
  // hashed. The result's `lower` is the draft's tree until it is published.
  Layer seal(Draft& draft, int64_t epoch) const;
  // The same for a draft filled by a LayerWriter, which knows the digest already.
  Layer seal_written(Draft& draft, const Digest& diff_id, uint64_t size, uint64_t files,
                     int64_t epoch) const;

  // The same for a draft that was unpacked, and whose recipe was written.
  Layer seal_unpacked(Draft& draft, const Digest& diff_id, uint64_t size, uint64_t files,
                      const std::optional<Descriptor>& blob) const;

  // Makes sealed drafts permanent (a draft whose layer exists already is dropped) and durable;
  // returns them with their final `lower`. So that the collector cannot take them, a living Lease
  // must name their diff ids before, or the caller holds the store's lock shared until an image
  // does. `synced`: the caller has synced the file system since the last of them was sealed.
  std::vector<Layer> publish(std::vector<Draft> drafts, bool synced = false) const;

  // The tar of a layer, remade from its tree and verified against the diff id: written to `out_fd`
  // unless that is -1. Throws, after having written, when the tree is not what was sealed.
  void write_tar(const Digest& diff_id, int out_fd) const;
  // Throws when the tree is not, in content or metadata, what its digest says. A layer from outside
  // is unpacked once more for that.
  void verify(const Digest& diff_id) const;

 private:
  StatePaths paths_;
};

}  // namespace mini::image
