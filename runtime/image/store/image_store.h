// Images: an OCI image layout (image-layout.md) in <root>/images, whose index.json holds the tags,
// plus the layers of layer_store.h. An image's id is the digest of its config. The manifest of an
// image that was made here names uncompressed layers, except where a layer below came from outside
// compressed and is kept so; every digest is final when the image is made. An image from outside
// (intake.h) keeps its manifest's bytes.
//
// What the index says is the truth: blobs first, synced, then index.json by rename. Local facts
// that are no part of the image (when it came here, the size of its layers) are annotations of the
// index entry ("mini.created", …), so that listing reads one file; when it was last used is the
// config blob's modification time, because a run must not rewrite the index. An uncompressed layer
// that a manifest names is not among the blobs but remade from the layer's tree on demand. Names
// may be a reference, an id, or a unique prefix of an id (with or without "sha256:").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"
#include "runtime/image/document/config.h"
#include "runtime/image/document/manifest.h"
#include "runtime/image/document/reference.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::image {

struct ImageEntry {  // one image, from index.json alone
  Digest id;         // config digest
  Digest manifest;
  std::vector<std::string> tags;              // full references, sorted; empty: dangling
  int64_t created_ns = 0;                     // local: when it came into this store
  int64_t used_ns = 0;                        // local: when a container or build last used it
  uint64_t size = 0;                          // bytes of all layers
  std::map<std::string, std::string> labels;  // for --filter label=
  std::vector<std::string> repo_digests;      // docker.io/library/busybox@sha256:…, sorted
};

struct Image {
  ImageEntry entry;
  ImageConfig config;
  std::string config_json;
  Manifest manifest;
  std::string manifest_json;  // as it came
  std::vector<Layer> layers;  // bottom first
};

class ImageStore {
 public:
  explicit ImageStore(const StatePaths& paths);  // makes the layout when it is missing
  const StatePaths& paths() const { return paths_; }
  const LayerStore& layers() const { return layers_; }

  std::vector<ImageEntry> list() const;
  std::optional<ImageEntry> find(
      const std::string& name) const;         // throws when a prefix is ambiguous
  Image load(const std::string& name) const;  // verified; throws not_found with the cure
  Image load(const ImageEntry& entry) const;

  // Stores config and manifest (all layers must be in the layer store) and puts the tags on it;
  // durable on return. Tags move from whatever had them.
  ImageEntry put(const ImageConfig& config, const std::vector<Reference>& tags);
  void tag(const std::string& name, const Reference& tag);
  struct Removed {
    std::vector<std::string> untagged;  // familiar names
    std::vector<Digest> deleted;        // image ids no longer in the index
  };
  // `name` a tag: takes the tag off, and the image out of the index when it was the last. An id:
  // all its tags (`force` when there is more than one).
  Removed remove(const std::string& name, bool force);
  void mark_used(const ImageEntry& entry);
  // Where a registry has the image now (IndexRow::repo_digests); durable on return.
  void add_repo_digest(const ImageEntry& entry, const std::string& digest);
  // The bytes that the image's manifest names as layer `i`, kept or remade, to `out_fd`. Throws,
  // after having written, when they are not what the manifest says.
  void write_layer(const Image& image, size_t i, int out_fd) const;

  // Shared: content that is not yet referenced may be written and references to content may be
  // made. Exclusive: the collector. Short in both cases.
  FileLock lock(LockMode mode) const;

 private:
  StatePaths paths_;
  LayerStore layers_;
};

}  // namespace mini::image
