// <root>/images/index.json: an OCI image index (image-index.md) with one descriptor per tag, or one
// without a name for an image that has lost its last. Replaced whole, durably, under the exclusive
// lock <root>/images/index.lock; readers need no lock. What mini knows about an image here, and is
// no part of it, is in the descriptor's annotations.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/state_paths.h"
#include "runtime/image/document/manifest.h"
#include "runtime/image/document/reference.h"

namespace mini::image {

struct IndexRow {
  Digest manifest;
  uint64_t manifest_size = 0;
  std::string tag;  // a full reference; empty: dangling
  Digest id;        // the config's digest
  int64_t created_ns = 0;
  uint64_t layers_size = 0;
  std::map<std::string, std::string> labels;
  // Where registries have it, sorted: docker.io/library/busybox@sha256:…; the digest is what the
  // name led to there, the manifest's or that of the index above it. The same in all rows of an
  // image.
  std::vector<std::string> repo_digests;
  std::string manifest_type = kManifestType;
  bool operator==(const IndexRow&) const = default;
};

using Index = std::vector<IndexRow>;

// Takes the tag from whatever has it (an image that loses its last stays, without a name) and gives
// it to `image`; an empty tag only adds the image.
void give_tag(Index& index, const IndexRow& image, const std::string& tag);
// An image that has been stored, perhaps not for the first time: it stays as old as it is, and
// keeps the repository digests that it has.
void add_image(Index& index, IndexRow row, const std::vector<Reference>& tags);
void add_repo_digests(Index& index, const Digest& id, const std::vector<std::string>& digests);

class IndexFile {
 public:
  explicit IndexFile(const StatePaths& paths) : directory_(paths.root + "/images") {}

  void make_layout() const;  // oci-layout, an empty index
  Index read() const;
  // What a finished change made, which is durable: waits for a change that is being made.
  Index read_settled() const;
  // Reads, changes, replaces; writes nothing when `change` changed nothing. Durable on return.
  void update(const std::function<void(Index&)>& change) const;

 private:
  std::string directory_;
};

}  // namespace mini::image
