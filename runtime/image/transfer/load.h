// An archive -> images in the store (`mini load`): what `docker save` writes, today and before 25.0
// (manifest.json), or an OCI image layout; plain or compressed; from a file, a pipe, or a layout's
// directory. Read once, front to back: layers are unpacked as they come, whatever they belong to,
// and belong nowhere until a manifest and a config name them (intake.h). What lies, is cut or
// hostile is refused with one line, and nothing of the archive is stored.
#pragma once

#include <string>
#include <vector>

#include "runtime/image/store/image_store.h"

namespace mini::image {

struct LoadedImage {
  Digest id;
  std::vector<Reference> names;  // empty: it has none
};

// `name` is for errors.
std::vector<LoadedImage> load_images(ImageStore& store, int fd, const std::string& name);
std::vector<LoadedImage> load_layout(ImageStore& store, const std::string& directory);
// One image of a layout, without its names: "DIRECTORY" (its only image, else the one tagged
// latest), "DIRECTORY:TAG" or "DIRECTORY@DIGEST".
Digest load_from_layout(ImageStore& store, const std::string& place);

}  // namespace mini::image
