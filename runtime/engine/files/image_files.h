// The files of an image as its containers would see them first, written out: `build -o` with
// type=tar and type=local. Nothing is mounted. Throws Error / SysError; what was written until then
// stays.
#pragma once

#include <string>

#include "runtime/image/store/image_store.h"

namespace mini::engine {

void write_image_tar(const image::Image& image, int out_fd);
// Into a directory that may have files already: they stay, those of the same name are replaced.
// Everything belongs to the caller, without set-id bits; an image with devices is refused.
void write_image_files(const image::Image& image, const std::string& directory);

}  // namespace mini::engine
