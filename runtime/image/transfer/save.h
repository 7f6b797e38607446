// Images -> an archive that every tool loads (`mini save`). Docker's format is both at once, as
// `docker save` writes it today: an OCI image layout (image-layout.md) and manifest.json with
// `repositories` beside it. An image that came from outside leaves with the bytes that it came
// with: manifest, config, compressed layers. The same images give the same archive. Every layer is
// verified while it is written; what was written is worth nothing when it throws.
#pragma once

#include <string>
#include <vector>

#include "runtime/image/store/image_store.h"
#include "runtime/image/transfer/archive_sink.h"

namespace mini::image {

enum class ArchiveFormat { docker, oci };

// Names as the user gives them: a name without tag means all tags of that repository, an id the
// image without a name.
void save_images(const ImageStore& store, const std::vector<std::string>& names,
                 ArchiveFormat format, ArchiveSink& sink);

}  // namespace mini::image
