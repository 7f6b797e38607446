#include "runtime/image/store/import.h"

#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/image/layer/layer_reader.h"

namespace mini::image {

ImageEntry import_image(ImageStore& store, int fd, const std::string& name, ImageConfig config,
                        const std::vector<Reference>& tags) {
  std::vector<Draft> drafts;
  drafts.emplace_back(store.paths());
  if (read_layer(fd, name, drafts[0]).files == 0) throw Error(cat(name, ": the archive is empty"));
  // The archive's own times are part of the input, not of the clock: kept as they are.
  const Layer layer = store.layers().seal(drafts[0], std::numeric_limits<int64_t>::max());
  config.diff_ids = {layer.diff_id};
  if (config.history.empty()) config.history.push_back({config.created, "", "", "imported", false});
  const FileLock shared = store.lock(LockMode::shared);
  store.layers().publish(std::move(drafts));
  return store.put(config, tags);
}

}  // namespace mini::image
