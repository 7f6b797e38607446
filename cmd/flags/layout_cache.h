// A build cache in a directory: an OCI image layout (image-layout.md) whose index names one cache
// image for each tag. Written so that a reader, or the next writer, never sees a half one: blobs by
// rename, the index last; a blob that is there is not written again. One writer at a time.
#pragma once

#include <memory>
#include <string>

#include "builder/build/cache/cache_source.h"
#include "runtime/image/store/image_store.h"
#include "runtime/registry/distribution/compress.h"

namespace mini::cmd {

// Throws, from open(), when the directory has no such tag.
std::shared_ptr<build::CacheSource> layout_cache_source(image::ImageStore& store,
                                                        const std::string& directory,
                                                        const std::string& tag);

// Layers that are stored as trees are compressed.
void write_layout_cache(image::ImageStore& store, const image::Image& image,
                        registry::PushFormat format, const std::string& directory,
                        const std::string& tag);

}  // namespace mini::cmd
