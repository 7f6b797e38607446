// An image of the store -> a registry. A layer that came from outside goes with the bytes that it
// had; a layer that mini made is compressed, always to the same bytes. A manifest that came from
// outside stays as it is, so that its digest does too; where layers had to be compressed, a new one
// is made. What such a layer was compressed to, and where it was pushed, is remembered in
// <root>/cache/push, so that the next push compresses and sends nothing. Throws Error.
#pragma once

#include <string>

#include "runtime/image/store/image_store.h"
#include "runtime/registry/distribution/compress.h"
#include "runtime/registry/distribution/pull.h"

namespace mini::registry {

struct PushOptions {
  PushFormat format = PushFormat::gzip;
};

struct PushResult {
  Digest digest;  // of the manifest
  uint64_t size = 0;
};

// The same for an image that is in no index: its layers are in the store, and `image` has the rest.
PushResult push_image(image::ImageStore& store, const image::Image& image,
                      const image::Reference& reference, const Settings& settings,
                      const CredentialFile& credentials, TransferSink& sink,
                      const PushOptions& options = {});

PushResult push(image::ImageStore& store, const image::Reference& reference,
                const Settings& settings, const CredentialFile& credentials, TransferSink& sink,
                const PushOptions& options = {});

}  // namespace mini::registry
