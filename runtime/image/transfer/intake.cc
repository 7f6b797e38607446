#include "runtime/image/transfer/intake.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/image/document/index.h"
#include "runtime/image/layer/layer_reader.h"
#include "runtime/image/store/blob_store.h"

namespace mini::image {
namespace {

// The bytes of a blob as they come: first those that an earlier attempt left in the file, then the
// source's, which are added to the file. Without a file of the caller's there is one only for what
// begins as something compressed.
class Arrival {
 public:
  Arrival(const files::ByteSource& source, const LayerOffer& offer, std::string name,
          std::string file, bool is_partial)
      : source_(source), offer_(offer), name_(std::move(name)), file_(std::move(file)) {
    if (is_partial) open();
  }

  size_t read(char* to, size_t size) {
    size_t got = replayed_ ? 0 : read_full(fd_.get(), to, size, file_);
    if (got < size) {
      replayed_ = true;
      in_source_ = true;
      const size_t more = source_(to + got, size - got);
      in_source_ = false;
      if (count_ + got == 0 && !fd_ && files::begins_compressed({to, more})) open();
      if (fd_) write_all(fd_.get(), {to + got, more}, file_);
      got += more;
    }
    count_ += got;
    if (offer_.size && count_ > *offer_.size) wrong(cat("is longer than ", *offer_.size, " bytes"));
    return got;
  }

  // After a failure that was neither the source's nor this machine's: these bytes are no layer, and
  // going on after them would fail again.
  void forget_what_is_no_layer() const {
    if (!in_source_) unlink(file_.c_str());
  }

  void check(const ReadResult& result) {
    if (offer_.size && result.blob_size != *offer_.size)
      wrong(cat("has ", result.blob_size, " bytes instead of ", *offer_.size));
    if (offer_.digest && result.blob != *offer_.digest)
      wrong(cat("its digest is ", result.blob.str()));
    if (offer_.diff_id && result.diff_id != *offer_.diff_id) {
      wrong(cat("unpacks to ", result.diff_id.str(), " instead of ", offer_.diff_id->str()));
    }
    if (fd_) fd_.close(file_);
  }

 private:
  void open() {
    fd_ = open_file(file_, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
    replayed_ = false;
  }

  [[noreturn]] void wrong(const std::string& why) const {
    // Nothing good can follow these bytes.
    unlink(file_.c_str());
    throw Error(cat(name_, ": ", why), "nothing of it was stored");
  }

  const files::ByteSource& source_;
  const LayerOffer& offer_;
  const std::string name_, file_;
  Fd fd_;
  bool replayed_ = true, in_source_ = false;
  uint64_t count_ = 0;
};

std::string name_of(const LayerOffer& offer) {
  if (offer.digest) return cat("layer ", offer.digest->str());
  return offer.diff_id ? cat("layer ", offer.diff_id->str()) : "layer";
}

// The media type under which the layer is kept; empty: as an uncompressed tar.
std::string kept_type(const LayerOffer& offer, files::Compression compression) {
  const bool gzip = compression == files::Compression::gzip,
             zstd = compression == files::Compression::zstd;
  if (!gzip && !zstd) return {};
  if (!offer.media_type.empty()) return offer.media_type;
  return gzip ? kGzipLayerType : kZstdLayerType;
}

}  // namespace

struct Intake::Pending {
  IndexRow row;
  std::vector<Reference> tags;
  std::vector<std::string> contents;  // config and manifest
  std::vector<Digest> blobs;          // of layers, as the manifest names them
};

Intake::Intake(ImageStore& store)
    : store_(store),
      lease_(store.paths()),
      scratch_(store.paths()),
      sync_([root = store.paths().root] { sync_filesystem(root); }) {}

bool Intake::hold(const Digest& diff_id) {
  const FileLock shared = store_.lock(LockMode::shared);
  if (!store_.layers().find(diff_id)) return false;
  const std::lock_guard guard(mutex_);
  lease_.add(diff_id);
  return true;
}

bool Intake::has(const Descriptor& blob, const Digest& diff_id) {
  const FileLock shared = store_.lock(LockMode::shared);
  const std::optional<Layer> layer = store_.layers().find(diff_id);
  if (!layer || !matches(blob, *layer)) return false;
  const std::lock_guard guard(mutex_);
  lease_.add(diff_id);
  if (blob.digest != diff_id) lease_.add(blob.digest);
  received_[blob.digest] = {blob, diff_id};
  return true;
}

bool Intake::matches(const Descriptor& blob, const Layer& layer) {
  if (blob.digest == layer.diff_id) return blob.size == layer.size;
  if (!BlobStore(store_.paths()).has(blob)) return false;
  if (layer.blob && layer.blob->digest == blob.digest) return true;
  // It came with another image, perhaps one whose config told other diff ids.
  const std::string path = BlobStore(store_.paths()).path(blob.digest);
  const Fd fd = open_file(path, O_RDONLY | O_NOFOLLOW);
  const files::ByteSource source = [&](char* to, size_t size) {
    return read_full(fd.get(), to, size, path);
  };
  return digest_layer(source, cat("layer ", blob.digest.str())).diff_id == layer.diff_id;
}

ReceivedLayer Intake::receive(const LayerOffer& offer, const files::ByteSource& source,
                              const std::string& partial) {
  const std::string name = name_of(offer);
  if (!offer.media_type.empty() && !is_layer_type(offer.media_type))
    throw Error(cat(name, ": media type ", quoted(offer.media_type), " is no layer's"));
  std::string file = partial;
  if (file.empty()) {
    const std::lock_guard guard(mutex_);
    file = cat(scratch_.path(), '/', count_++);
  }
  Arrival arrival(source, offer, name, file, !partial.empty());
  const files::ByteSource bytes = [&](char* to, size_t size) {
    const size_t got = arrival.read(to, size);
    sync_.wrote(got);
    return got;
  };

  std::optional<Draft> draft;
  ReadResult result;
  try {
    if (offer.diff_id && hold(*offer.diff_id)) {
      result = digest_layer(bytes, name);
    } else {
      draft.emplace(store_.paths());
      files::TarRecipe recipe(draft->recipe());
      result = read_layer(bytes, name, *draft, recipe);
    }
  } catch (const SysError&) {
    throw;
  } catch (const Error&) {
    arrival.forget_what_is_no_layer();
    throw;
  }
  arrival.check(result);

  const std::string type = kept_type(offer, result.compression);
  const Descriptor plain{kLayerType, result.diff_id, result.size};
  const ReceivedLayer received{
      type.empty() ? plain : Descriptor{type, result.blob, result.blob_size}, result.diff_id};
  const std::lock_guard guard(mutex_);
  if (draft && !unpacked_.contains(result.diff_id)) {
    const auto blob = type.empty() ? std::nullopt : std::optional(received.blob);
    Layer layer =
        store_.layers().seal_unpacked(*draft, result.diff_id, result.size, result.files, blob);
    unpacked_.emplace(result.diff_id, Unpacked{*std::move(draft), std::move(layer)});
  }
  received_[received.blob.digest] = received;
  if (type.empty()) {
    if (!partial.empty()) useless_.push_back(partial);
  } else {
    files_[received.blob.digest] = file;
  }
  return received;
}

uint64_t Intake::size_of(const Digest& diff_id) const {
  const auto unpacked = unpacked_.find(diff_id);
  return unpacked != unpacked_.end() ? unpacked->second.layer.size
                                     : store_.layers().get(diff_id).size;
}

// Each layer is one that was seen to unpack to just that diff id.
void Intake::check_layers(const Manifest& manifest, const ImageConfig& config) const {
  if (manifest.layers.size() != config.diff_ids.size()) {
    throw Error(cat(config.diff_ids.size(), " diff ids for ", manifest.layers.size(), " layers"));
  }
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    const Descriptor& layer = manifest.layers[i];
    const auto received = received_.find(layer.digest);
    if (received == received_.end())
      throw Error(cat("layer ", layer.digest.str(), " is missing"), {}, ErrorKind::not_found);
    if (received->second.diff_id != config.diff_ids[i] ||
        received->second.blob.size != layer.size) {
      throw Error(cat("layer ", layer.digest.str(),
                      ": its size or diff id is not what the manifest and the config tell"));
    }
  }
}

Intake::Pending Intake::prepare(const ImageFromOutside& image) const {
  Pending pending;
  pending.tags = image.tags;
  const Digest id = Digest::of(image.config_json);
  const std::string shown = cat("image ", id.short_id());
  const ImageConfig config = ImageConfig::parse(image.config_json, cat(shown, ": config"));
  Manifest manifest;
  std::string manifest_json = image.manifest_json;
  if (manifest_json.empty()) {
    manifest.config = {kConfigType, id, image.config_json.size()};
    for (const Digest& diff_id : config.diff_ids)
      manifest.layers.push_back({kLayerType, diff_id, size_of(diff_id)});
    manifest_json = manifest.to_json();
  } else {
    manifest = Manifest::parse(manifest_json, cat(shown, ": manifest"));
    if (manifest.config.digest != id || manifest.config.size != image.config_json.size())
      throw Error(cat(shown, ": the config is not the one that the manifest names"));
    with_context(shown, [&] { check_layers(manifest, config); });
  }
  for (const Descriptor& layer : manifest.layers) pending.blobs.push_back(layer.digest);
  pending.row.id = id;
  pending.row.manifest = Digest::of(manifest_json);
  pending.row.manifest_type = manifest.media_type;
  pending.row.manifest_size = manifest_json.size();
  pending.row.labels = config.labels;
  pending.row.created_ns = now_ns();
  pending.row.repo_digests = image.repo_digests;
  for (const Digest& diff_id : config.diff_ids) pending.row.layers_size += size_of(diff_id);
  pending.contents = {image.config_json, std::move(manifest_json)};
  return pending;
}

void Intake::record_layers() {
  const std::lock_guard guard(mutex_);
  const FileLock shared = store_.lock(LockMode::shared);
  if (!unpacked_.empty()) sync_.finish();
  publish_layers();
}

void Intake::publish_layers() {
  std::vector<Draft> drafts;
  for (auto& [diff_id, unpacked] : unpacked_) drafts.push_back(std::move(unpacked.draft));
  unpacked_.clear();
  store_.layers().publish(std::move(drafts), true);
}

std::vector<ImageEntry> Intake::record(const std::vector<ImageFromOutside>& images) {
  const std::lock_guard guard(mutex_);
  const FileLock shared = store_.lock(LockMode::shared);
  const BlobStore blobs(store_.paths());
  std::vector<Pending> pending;
  std::map<Digest, std::string> files;
  for (const ImageFromOutside& image : images) {
    Pending next = prepare(image);
    files.merge(blobs.stage(next.contents, scratch_.path()));
    for (const Digest& blob : next.blobs) {
      const auto file = files_.find(blob);
      if (file != files_.end()) files.emplace(*file);
    }
    pending.push_back(std::move(next));
  }
  // Content before names, and the names before the index that refers to them.
  if (!files.empty() || !unpacked_.empty()) sync_.finish();
  publish_layers();
  blobs.adopt(files);
  IndexFile(store_.paths()).update([&](Index& index) {
    for (const Pending& image : pending) add_image(index, image.row, image.tags);
  });
  for (const std::string& file : useless_) unlink(file.c_str());
  std::vector<ImageEntry> entries;
  for (const Pending& image : pending) {
    const auto entry =
        store_.find(image.tags.empty() ? image.row.id.str() : image.tags.front().full());
    if (entry) entries.push_back(*entry);
  }
  return entries;
}

}  // namespace mini::image
