#include "runtime/engine/files/image_files.h"

#include <fcntl.h>

#include "runtime/base/file.h"
#include "runtime/files/merged_tree.h"
#include "runtime/files/tree_copy.h"
#include "runtime/files/tree_output.h"

namespace mini::engine {
namespace {

files::MergedTree tree_of(const image::Image& image) {
  Overlay overlay;
  for (const image::Layer& layer : image.layers) overlay.lower.push_back(layer.lower);
  return files::MergedTree(overlay);
}

}  // namespace

void write_image_tar(const image::Image& image, int out_fd) {
  files::TreeOutput output(out_fd);
  if (!image.layers.empty()) {
    tree_of(image).walk(
        "/", [&](const files::MergedTree::Entry& entry) { output.add(entry.path, entry); });
  }
  output.finish();
}

void write_image_files(const image::Image& image, const std::string& directory) {
  make_directories(directory);
  if (image.layers.empty()) return;
  files::CopyOptions options;
  options.keep_owner = false;
  options.to_host = true;
  const Root root(directory);
  files::TreeCopy copy(root, open_file(directory, O_RDONLY | O_DIRECTORY), options, directory);
  tree_of(image).walk("/",
                      [&](const files::MergedTree::Entry& entry) { copy.add(entry.path, entry); });
  copy.finish();
}

}  // namespace mini::engine
