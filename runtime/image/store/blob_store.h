// Content by digest: <root>/images/blobs/sha256/<hex> (image-layout.md#blobs). Configs and
// manifests, which are verified, size and digest, before anyone sees a byte of them; and layers in
// the compressed form in which they came from outside, so that a push or a save gives the same
// bytes back. Layers as trees are in layer_store.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/fd.h"
#include "runtime/base/state_paths.h"
#include "runtime/image/document/manifest.h"

namespace mini::image {

class BlobStore {
 public:
  static constexpr size_t kLimit = 4 << 20;  // of a manifest or a config

  explicit BlobStore(const StatePaths& paths);

  Fd open() const;  // the directory
  std::string path(const Digest& digest) const;
  // Throws Error when it is missing, larger than kLimit, or not what `digest` (and `size`, unless
  // it is 0) says. `what` is for errors.
  std::string read(const Digest& digest, uint64_t size, const std::string& what) const;
  // Writes those that are missing; durable on return. The caller holds the store's lock shared.
  void write(const std::vector<std::string>& contents) const;
  // The two halves of `write`, for who has more to write before the one sync between them. Gives
  // the files, in `directory`, that `adopt` puts in place; it makes their names durable.
  std::map<Digest, std::string> stage(const std::vector<std::string>& contents,
                                      const std::string& directory) const;
  void adopt(const std::map<Digest, std::string>& files) const;
  // A blob of any size, verified while it is read: written to `out_fd` unless that is -1. Throws,
  // after having written, when it is not what `blob` says.
  void copy(const Descriptor& blob, int out_fd) const;
  bool has(const Descriptor& blob) const;  // by name and size
  std::vector<Digest> list() const;

 private:
  StatePaths paths_;
  std::string directory_;
};

}  // namespace mini::image
