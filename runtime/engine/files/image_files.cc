#include "runtime/engine/files/image_files.h"

#include <string>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/files/tree_copy.h"
#include "runtime/files/tree_tar.h"

namespace mini::engine {
namespace {

files::View view_of(const image::Image& image) {
  std::vector<std::string> layers;
  for (const image::Layer& layer : image.layers) layers.push_back(layer.lower);
  return files::View::of_layers(layers);
}

}  // namespace

void write_image_tar(const image::Image& image, int out_fd) {
  files::write_view_tar(view_of(image), "", out_fd);
}

void write_image_files(const image::Image& image, const std::string& directory) {
  make_directories(directory);
  files::CopyOptions options;
  options.keep_owner = false;
  options.to_host = true;
  files::copy_directory(view_of(image), "", Root(directory), options);
}

}  // namespace mini::engine
