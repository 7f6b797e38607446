// What is known of earlier pushes: what a layer of mini's own was compressed to, and which
// repositories have a blob. Only a help: what it says is verified before it is believed. One file
// for each layer and format in <root>/cache/push; those of layers that are gone are removed on the
// way.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/image/store/image_store.h"
#include "runtime/registry/distribution/compress.h"

namespace mini::registry {

struct PushRecord {
  Compressed blob;
  std::vector<std::string> places;  // "docker.io/library/x", the last one last
};

class PushMemory {
 public:
  explicit PushMemory(const image::ImageStore& store);

  std::optional<PushRecord> find(const Digest& diff_id, PushFormat format) const;
  void put(const Digest& diff_id, PushFormat format, PushRecord record,
           const std::string& place) const;
  // Repositories of `registry`, other than `repository`, that the store knows to have the blob.
  std::vector<std::string> repositories(const Digest& blob, const std::string& registry,
                                        const std::string& repository) const;

 private:
  std::string path(const Digest& diff_id, PushFormat format) const;
  void forget_removed_layers() const;

  const image::ImageStore& store_;
  const std::string directory_;
  std::map<Digest, std::vector<std::string>> places_;  // by blob, of what was pulled
};

}  // namespace mini::registry
