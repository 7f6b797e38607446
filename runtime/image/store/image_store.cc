#include "runtime/image/store/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/image/document/index.h"
#include "runtime/image/document/manifest.h"
#include "runtime/image/store/blob_store.h"

namespace mini::image {
namespace {

Manifest manifest_of(const ImageConfig& config, const std::string& config_json,
                     const LayerStore& layers, const BlobStore& blobs) {
  Manifest manifest;
  manifest.config = {kConfigType, Digest::of(config_json), config_json.size()};
  for (const Digest& diff_id : config.diff_ids) {
    const Layer layer = layers.get(diff_id);
    const bool kept = layer.blob && blobs.has(*layer.blob);
    manifest.layers.push_back(kept ? *layer.blob : Descriptor{kLayerType, diff_id, layer.size});
  }
  return manifest;
}

ImageEntry entry_of(const IndexRow& row) {
  return {row.id, row.manifest,    {},         row.created_ns,
          0,      row.layers_size, row.labels, row.repo_digests};
}

// The rows of one image as what a caller sees. Names may have different manifests, which pack the
// same layers differently: `found` has the one that is meant.
ImageEntry entry_of(const Index& index, const IndexRow& found) {
  ImageEntry entry = entry_of(found);
  for (const IndexRow& row : index) {
    if (row.id == found.id && !row.tag.empty()) entry.tags.push_back(row.tag);
  }
  std::sort(entry.tags.begin(), entry.tags.end());
  return entry;
}

// When the config blob was last touched; 0 when it is missing, which is for `load` to report.
int64_t last_used(int blobs, const Digest& id) {
  struct stat info;
  if (fstatat(blobs, id.hex().c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
}

bool is_hex(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

const IndexRow* find_prefix(const Index& index, std::string_view prefix, const std::string& name) {
  std::map<Digest, const IndexRow*> found;
  for (const IndexRow& row : index) {
    if (row.id.hex().starts_with(prefix)) found.emplace(row.id, &row);
  }
  if (found.size() > 1) {
    throw Error(cat("image ", quoted(name), ": ", found.size(), " images begin so"),
                "give more digits of the ID", ErrorKind::conflict);
  }
  return found.empty() ? nullptr : found.begin()->second;
}

// A digest says which image is meant; the tag beside it is for people.
bool has_digest(const IndexRow& row, const Reference& reference) {
  const std::string there =
      cat(reference.registry, '/', reference.repository, '@', reference.digest->str());
  if (std::find(row.repo_digests.begin(), row.repo_digests.end(), there) != row.repo_digests.end())
    return true;
  if (row.tag.empty() || row.manifest != *reference.digest) return false;
  const Reference named = Reference::parse(row.tag);
  return named.registry == reference.registry && named.repository == reference.repository;
}

const IndexRow* find_reference(const Index& index, const Reference& reference) {
  for (const IndexRow& row : index) {
    if (reference.digest ? has_digest(row, reference) : row.tag == reference.full()) return &row;
  }
  return nullptr;
}

struct Found {
  const IndexRow* row;  // in the index
  bool by_tag = false;
};

// Names win over prefixes of ids, as a person who named an image "cafe" means that image.
std::optional<Found> resolve(const Index& index, const std::string& name) {
  constexpr std::string_view kPrefix = "sha256:";
  const std::string_view text = name;
  if (text.starts_with(kPrefix) && is_hex(text.substr(kPrefix.size()))) {
    if (const auto* row = find_prefix(index, text.substr(kPrefix.size()), name)) return Found{row};
    return {};
  }
  if (text.size() < 64 || !is_hex(text)) {
    const Reference reference = Reference::parse(text);
    if (const auto* row = find_reference(index, reference)) return Found{row, !reference.digest};
  }
  if (is_hex(text)) {
    if (const auto* row = find_prefix(index, text, name)) return Found{row};
  }
  return {};
}

[[noreturn]] void not_found(const Index& index, const std::string& name) {
  std::vector<std::string> names;
  for (const IndexRow& row : index) {
    if (row.tag.empty()) continue;
    const Reference reference = Reference::parse(row.tag);
    names.push_back(reference.familiar());
    if (reference.tag == "latest") names.push_back(names.back().substr(0, names.back().rfind(':')));
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string cure =
      "`mini images` lists the store; `mini pull`, `mini build -t` or `mini load` adds an image";
  if (const auto near = did_you_mean(name, candidates))
    cure = cat("did you mean ", quoted(*near), "?");
  throw Error(cat("image ", quoted(name), ": not found in the store"), cure, ErrorKind::not_found);
}

Found resolve_or_throw(const Index& index, const std::string& name) {
  const auto found = resolve(index, name);
  if (!found) not_found(index, name);
  return *found;
}

}  // namespace

ImageStore::ImageStore(const StatePaths& paths) : paths_(paths), layers_(paths) {
  IndexFile(paths_).make_layout();
}

FileLock ImageStore::lock(LockMode mode) const {
  return FileLock::acquire(paths_.root + "/store.lock", mode, "the image store");
}

std::vector<ImageEntry> ImageStore::list() const {
  const Index index = IndexFile(paths_).read();
  const Fd blobs = BlobStore(paths_).open();
  std::map<Digest, ImageEntry> by_id;
  for (const IndexRow& row : index) {
    ImageEntry& entry = by_id[row.id];
    if (entry.id.empty()) {
      entry = entry_of(row);
      entry.used_ns = last_used(blobs.get(), row.id);
    }
    if (!row.tag.empty()) entry.tags.push_back(row.tag);
  }
  std::vector<ImageEntry> entries;
  for (auto& [id, entry] : by_id) {
    std::sort(entry.tags.begin(), entry.tags.end());
    entries.push_back(std::move(entry));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const ImageEntry& a, const ImageEntry& b) {
    return a.created_ns > b.created_ns;
  });
  return entries;
}

std::optional<ImageEntry> ImageStore::find(const std::string& name) const {
  const Index index = IndexFile(paths_).read();
  const auto found = resolve(index, name);
  if (!found) return {};
  ImageEntry entry = entry_of(index, *found->row);
  entry.used_ns = last_used(BlobStore(paths_).open().get(), entry.id);
  return entry;
}

Image ImageStore::load(const std::string& name) const {
  const Index index = IndexFile(paths_).read();
  ImageEntry entry = entry_of(index, *resolve_or_throw(index, name).row);
  entry.used_ns = last_used(BlobStore(paths_).open().get(), entry.id);
  return load(entry);
}

Image ImageStore::load(const ImageEntry& entry) const {
  const BlobStore blobs(paths_);
  const std::string shown = cat("image ", entry.id.short_id());
  Image image;
  image.entry = entry;
  image.manifest_json = blobs.read(entry.manifest, 0, shown);
  image.manifest = Manifest::parse(image.manifest_json, cat(shown, ": manifest"));
  const Manifest& manifest = image.manifest;
  if (manifest.config.digest != entry.id)
    throw Error(cat(shown, ": the index and the manifest name different configs"));
  image.config_json = blobs.read(manifest.config.digest, manifest.config.size, shown);
  image.config = ImageConfig::parse(image.config_json, cat(shown, ": config"));
  if (image.config.diff_ids.size() != manifest.layers.size()) {
    throw Error(cat(shown, ": ", image.config.diff_ids.size(), " diff ids for ",
                    manifest.layers.size(), " layers"));
  }
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    // What came compressed was held against its diff id when it came.
    const bool plain = manifest.layers[i].media_type == kLayerType;
    if (plain && manifest.layers[i].digest != image.config.diff_ids[i])
      throw Error(cat(shown, ": layer ", i, ": the manifest and the config name different layers"));
    Layer layer = with_context(shown, [&] { return layers_.get(image.config.diff_ids[i]); });
    if (plain && layer.size != manifest.layers[i].size)
      throw Error(cat(shown, ": layer ", i, ": the manifest says another size"));
    image.layers.push_back(std::move(layer));
  }
  return image;
}

ImageEntry ImageStore::put(const ImageConfig& config, const std::vector<Reference>& tags) {
  const std::string config_json = config.to_json();
  IndexRow row;
  row.id = Digest::of(config_json);
  const FileLock shared = lock(LockMode::shared);
  const Manifest manifest = manifest_of(config, config_json, layers_, BlobStore(paths_));
  const std::string manifest_json = manifest.to_json();
  row.manifest = Digest::of(manifest_json);
  row.manifest_size = manifest_json.size();
  row.labels = config.labels;
  row.created_ns = now_ns();
  for (const Digest& diff_id : config.diff_ids) row.layers_size += layers_.get(diff_id).size;

  const auto add = [&](Index& index) {
    const auto known = std::find_if(index.begin(), index.end(),
                                    [&](const IndexRow& other) { return other.id == row.id; });
    IndexRow added = row;
    // It has a manifest already, perhaps that of a registry.
    if (known != index.end()) added = *known;
    add_image(index, std::move(added), tags);
  };
  const IndexFile index_file(paths_);
  // A build whose every step was cached ends here: nothing to write, nothing to sync.
  Index before = index_file.read_settled(), after = before;
  add(after);
  if (after != before) {
    BlobStore(paths_).write({config_json, manifest_json});
    index_file.update(add);
    after = index_file.read();
  }
  const std::string prefix = row.id.hex();
  return entry_of(after, *find_prefix(after, prefix, prefix));
}

void ImageStore::tag(const std::string& name, const Reference& tag) {
  if (tag.digest)
    throw Error(cat("tag ", quoted(tag.familiar()), ": a tag cannot have a digest"), {},
                ErrorKind::usage);
  const FileLock shared = lock(LockMode::shared);
  IndexFile(paths_).update([&](Index& index) {
    const IndexRow row = *resolve_or_throw(index, name).row;
    give_tag(index, row, tag.full());
  });
}

ImageStore::Removed ImageStore::remove(const std::string& name, bool force) {
  Removed removed;
  IndexFile(paths_).update([&](Index& index) {
    removed = {};
    const Found found = resolve_or_throw(index, name);
    const Digest id = found.row->id;
    std::set<std::string> gone;
    if (found.by_tag) {
      gone.insert(Reference::parse(name).full());
    } else {
      for (const std::string& tag : entry_of(index, *found.row).tags) gone.insert(tag);
      if (gone.size() > 1 && !force) {
        throw Error(cat("image ", quoted(name), ": has ", gone.size(), " tags"),
                    cat("remove them one by one, or all with `mini rmi -f ", name, "`"),
                    ErrorKind::conflict);
      }
    }
    for (const std::string& tag : gone)
      removed.untagged.push_back(Reference::parse(tag).familiar());
    std::erase_if(index, [&](const IndexRow& row) {
      return row.id == id && (row.tag.empty() || gone.contains(row.tag));
    });
    const bool left =
        std::any_of(index.begin(), index.end(), [&](const IndexRow& row) { return row.id == id; });
    if (!left) removed.deleted.push_back(id);
  });
  return removed;
}

void ImageStore::add_repo_digest(const ImageEntry& entry, const std::string& digest) {
  IndexFile(paths_).update([&](Index& index) { add_repo_digests(index, entry.id, {digest}); });
}

void ImageStore::write_layer(const Image& image, size_t i, int out_fd) const {
  const Descriptor& layer = image.manifest.layers.at(i);
  const Digest& diff_id = image.config.diff_ids.at(i);
  with_context(cat("image ", image.entry.id.short_id()), [&] {
    if (layer.digest == diff_id) {
      layers_.write_tar(diff_id, out_fd);
    } else {
      BlobStore(paths_).copy(layer, out_fd);
    }
  });
}

void ImageStore::mark_used(const ImageEntry& entry) {
  // A missing blob is for `load` to report.
  utimensat(AT_FDCWD, BlobStore(paths_).path(entry.id).c_str(), nullptr, 0);
}

}  // namespace mini::image
