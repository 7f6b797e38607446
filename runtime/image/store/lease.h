// Protects content that a running operation uses and nothing refers to yet (a build's layers, a
// pull's layers and blobs): a file in <root>/leases, locked by its owner, that lists their digests.
// The collector treats the lists of living leases as roots; one whose owner died is removed. Add to
// a lease while holding the store's lock shared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/digest.h"
#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::image {

class Lease {
 public:
  explicit Lease(const StatePaths& paths);
  Lease(Lease&&) noexcept = default;
  ~Lease();
  void add(const Digest& digest);

  // Of all living leases; removes dead ones.
  static std::vector<Digest> protected_content(const StatePaths& paths);

 private:
  std::string path_;
  std::optional<FileLock> lock_;
};

}  // namespace mini::image
