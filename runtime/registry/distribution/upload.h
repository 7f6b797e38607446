// Blobs and manifests -> a repository (distribution specification, "Pushing blobs"). What is there
// is not sent; what another repository of the same registry has is mounted from there; the rest
// goes up in one piece, and again from its beginning when the connection breaks. Safe to use
// from several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/image/document/manifest.h"
#include "runtime/registry/distribution/repository.h"

namespace mini::registry {

// Gives a blob's bytes from their beginning, each time that it is called.
using BlobReader = std::function<std::function<size_t(char* to, size_t size)>()>;

class Uploader {
 public:
  explicit Uploader(Repository& repository) : repository_(repository) {}

  bool has(const image::Descriptor& blob);
  // From the first of `repositories` that has it; false: from none.
  bool mount_from(const image::Descriptor& blob, const std::vector<std::string>& repositories);
  void upload(const image::Descriptor& blob, const BlobReader& reader,
              const std::function<void(uint64_t sent)>& on_bytes);
  void put_manifest(const std::string& bytes, const std::string& media_type,
                    const std::string& tag);

 private:
  Call begin(const std::string& query, const std::string& scope) const;
  void send(const image::Descriptor& blob, const BlobReader& reader,
            const std::function<void(uint64_t)>& on_bytes);
  Repository& repository_;
};

}  // namespace mini::registry
