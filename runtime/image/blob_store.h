// Small content by digest: <root>/images/blobs/sha256/<hex> (image-layout.md#blobs). What is read
// is verified, size and digest, before anyone sees a byte of it. Layers are not here: see
// layer_store.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/fd.h"
#include "runtime/base/state_paths.h"

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
  std::vector<Digest> list() const;

 private:
  StatePaths paths_;
  std::string directory_;
};

}  // namespace mini::image
