// A registry's image -> the store. The manifest for this platform, its config and the layers that
// the store does not have: several at a time, each unpacked while it arrives and verified twice.
// All of it is recorded at the end, durably, or nothing. What arrived of a layer before a failure
// or a kill stays in <root>/partial, and the next pull resumes there; two pulls of one layer
// download it once. Throws Error.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/image/store/image_store.h"
#include "runtime/registry/distribution/document.h"
#include "runtime/registry/distribution/repository.h"

namespace mini::registry {

// What happens to layers, for display; called from several threads.
class TransferSink {
 public:
  enum class State { waiting, exists, mounted, preparing, moving, done, failed };
  virtual ~TransferSink() = default;
  virtual void on_layer(const Digest& blob, State state, uint64_t done, uint64_t total) = 0;
  virtual void on_note(const std::string& text) = 0;
};

struct PullOptions {
  Platform platform = Platform::host();
};

struct PullResult {
  image::ImageEntry entry;
  Digest digest;       // of what the name resolved to: the manifest, or the index above it
  bool fresh = false;  // false: the store had just this under the name
};

PullResult pull(image::ImageStore& store, const image::Reference& reference,
                const Settings& settings, const CredentialFile& credentials, TransferSink& sink,
                const PullOptions& options = {});

}  // namespace mini::registry
