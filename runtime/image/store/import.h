// A root file system's tar -> an image of one layer (`mini import`). `changes` are Dockerfile-like
// config changes already applied to `config`.
#pragma once

#include <string>
#include <vector>

#include "runtime/image/store/image_store.h"

namespace mini::image {

ImageEntry import_image(ImageStore& store, int fd, const std::string& name, ImageConfig config,
                        const std::vector<Reference>& tags);

}  // namespace mini::image
