#include "runtime/image/layer/layer_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/json_members.h"
#include "runtime/base/text.h"
#include "runtime/files/tar_recipe.h"
#include "runtime/files/tree_tar.h"
#include "runtime/image/document/members.h"
#include "runtime/image/layer/layer_pipe.h"

namespace mini::image {
namespace {

// layer.json
struct Description {
  uint64_t size = 0, files = 0;
  std::optional<Descriptor> blob = {};
  std::optional<int64_t> epoch = {};
};

void describe(JsonMembers& json, Description& layer) {
  json.required("size", layer.size);
  json.required("files", layer.files);
  json("blob", layer.blob);
  json("epoch", layer.epoch);
}

void write_description(const Draft& draft, const Description& layer) {
  replace_file(draft.path() + "/layer.json", write_json(layer), false, 0600);
}

std::string layer_path(const StatePaths& paths, const Digest& diff_id) {
  return cat(paths.root, "/layers/", diff_id.hex());
}

Digest canonical_digest(Fd tree) {
  files::HashStream out;
  files::write_tree_tar(std::move(tree), out, std::numeric_limits<int64_t>::max(), false, "layer");
  return out.finish();
}

Fd open_tree_directory(const std::string& path) {
  return open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

Draft::Draft(const StatePaths& paths) : scratch_(paths) {
  for (const std::string& path : {tree(), work()}) {
    if (mkdir(path.c_str(), 0755) < 0) throw SysError(path);
  }
  // Whatever the umask is: the root's mode is part of the layer.
  if (chmod(tree().c_str(), 0755) < 0) throw SysError(tree());
}

LayerStore::LayerStore(const StatePaths& paths) : paths_(paths) {
  // Layers hold set-id files, so nobody else may reach them.
  make_directories(paths.root, 0700);
  struct stat root;
  if (stat(paths.root.c_str(), &root) < 0) throw SysError(paths.root);
  if ((root.st_mode & 077) != 0 && chmod(paths.root.c_str(), 0700) < 0) throw SysError(paths.root);
  for (const char* name : {"/layers", "/tmp", "/trash", "/leases"})
    make_directories(paths.root + name, 0700);
}

std::optional<Layer> LayerStore::find(const Digest& diff_id) const {
  const std::string path = layer_path(paths_, diff_id);
  const std::string description = cat(path, "/layer.json");
  const auto text = read_file_if_exists(description, kJsonLimit);
  if (!text) return {};
  const auto layer = read_json<Description>(*text, description);
  return Layer{diff_id, layer.size, layer.files, cat(path, "/tree"), layer.blob};
}

Layer LayerStore::get(const Digest& diff_id) const {
  auto layer = find(diff_id);
  if (!layer) {
    throw Error(cat("layer ", diff_id.str(), ": not found in the store"),
                "`mini fsck` shows which images are damaged; build or load them again",
                ErrorKind::not_found);
  }
  return *std::move(layer);
}

std::vector<Digest> LayerStore::list() const {
  std::vector<Digest> ids;
  for (const std::string& name : list_directory(paths_.root + "/layers")) {
    if (Digest::is_valid("sha256:" + name)) ids.push_back(Digest::from_hex(name));
  }
  return ids;
}

Layer LayerStore::seal(Draft& draft, int64_t epoch) const {
  files::HashStream out;
  const uint64_t files =
      files::write_tree_tar(open_tree_directory(draft.tree()), out, epoch, true, "layer");
  const Digest diff_id = out.finish();
  remove_tree(draft.replaced());  // the canonical tar needs no recipe
  return seal_written(draft, diff_id, out.size(), files, epoch);
}

Layer LayerStore::seal_written(Draft& draft, const Digest& diff_id, uint64_t size, uint64_t files,
                               int64_t epoch) const {
  write_description(draft, {size, files, {}, epoch});
  draft.sealed_ = {diff_id, size, files, draft.tree(), {}};
  return *draft.sealed_;
}

Layer LayerStore::seal_unpacked(Draft& draft, const Digest& diff_id, uint64_t size, uint64_t files,
                                const std::optional<Descriptor>& blob) const {
  remove_tree(draft.work());  // so that `publish` need not after a sync
  write_description(draft, {size, files, blob});
  draft.sealed_ = {diff_id, size, files, draft.tree(), blob};
  return *draft.sealed_;
}

std::vector<Layer> LayerStore::publish(std::vector<Draft> drafts, bool synced) const {
  std::vector<Layer> layers;
  for (Draft& draft : drafts) {
    if (!draft.sealed_) throw Error("layer: published before it was sealed");
    Layer layer = *draft.sealed_;
    const std::string target = layer_path(paths_, layer.diff_id);
    layer.lower = cat(target, "/tree");
    layers.push_back(std::move(layer));
    if (exists(target)) continue;
    remove_tree(draft.work());
    // Content before names: a layer that has its name is whole, even after a power cut.
    if (!synced) sync_filesystem(paths_.root);
    synced = true;
    draft.scratch_.move_to(target);
  }
  // Also for a layer that another process has just put there: its name must be durable before ours
  // refers to it.
  sync_directory(paths_.root + "/layers");
  return layers;
}

void LayerStore::write_tar(const Digest& diff_id, int out_fd) const {
  const Layer layer = get(diff_id);
  files::HashStream out(out_fd);
  const std::string shown = cat("layer ", diff_id.short_id());
  const std::string recipe = cat(layer_path(paths_, diff_id), "/recipe");
  uint64_t files = layer.files;
  if (exists(recipe)) {
    files::write_recipe_tar(recipe, open_tree_directory(layer.lower),
                            cat(layer_path(paths_, diff_id), "/replaced"), out, shown);
  } else {
    files = files::write_tree_tar(open_tree_directory(layer.lower), out,
                                  std::numeric_limits<int64_t>::max(), false, shown);
  }
  if (out.finish() != diff_id || out.size() != layer.size || files != layer.files) {
    throw Error(cat("layer ", diff_id.str(), ": its files are not what was stored"),
                "build or load the image again");
  }
}

void LayerStore::verify(const Digest& diff_id) const {
  if (!exists(cat(layer_path(paths_, diff_id), "/recipe"))) return write_tar(diff_id, -1);
  Draft again(paths_);
  pass_layer([&](int fd) { write_tar(diff_id, fd); }, cat("layer ", diff_id.short_id()), again);
  if (canonical_digest(open_tree_directory(again.tree())) !=
      canonical_digest(open_tree_directory(get(diff_id).lower)))
    throw Error(cat("layer ", diff_id.str(), ": its files are not what was stored"),
                "pull or load the image again");
}

}  // namespace mini::image
