#include "runtime/image/transfer/load.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/files/entry_name.h"
#include "runtime/image/document/docker_archive.h"
#include "runtime/image/document/layout_index.h"
#include "runtime/image/store/blob_store.h"
#include "runtime/image/transfer/archive_source.h"
#include "runtime/image/transfer/intake.h"

namespace mini::image {
namespace {

constexpr size_t kDocuments = 64 << 20;  // all that is kept in memory
constexpr int kLinks = 8;
constexpr std::string_view kBlobs = "blobs/sha256/";

class Loader {
 public:
  Loader(ImageStore& store, const std::string& name) : store_(store), name_(name), intake_(store) {}

  // Of a layout only the image of this tag or digest counts, and it gets no name.
  void choose(std::string only) { only_ = std::move(only); }

  void visit(const ArchiveFile& file) {
    forget(file.path);
    if (file.link) {
      links_[file.path] = *file.link;
    } else if (file.size > BlobStore::kLimit) {
      layer(file, file.content);
    } else {
      small(file);
    }
  }

  std::vector<LoadedImage> finish() {
    if (has_document("index.json") && has_document("oci-layout")) {
      layout();
    } else if (has_document("manifest.json")) {
      docker_archive();
    } else {
      throw Error(cat(name_, ": is no image archive: it has no manifest.json and no index.json"),
                  "`mini import` makes an image from the tar of a root file system");
    }
    intake_.record(images_);
    return loaded_;
  }

 private:
  // The last of several files with one name counts.
  void forget(const std::string& path) {
    documents_.erase(path);
    links_.erase(path);
    layers_.erase(path);
  }

  // A document of an image, or a small layer: by the first byte, for no tar begins with a brace.
  void small(const ArchiveFile& file) {
    std::string content(file.size, '\0');
    if (file.content(content.data(), content.size()) != content.size())
      throw Error(cat(name_, ": ", quoted(file.path), ": is cut"));
    const bool blob = file.path.starts_with(kBlobs);
    const bool tar = file.path.ends_with(".tar") || (blob && !content.starts_with('{'));
    if (tar && !trim(content).starts_with('{')) {
      layer(file, [&, at = size_t{0}](char* to, size_t size) mutable {
        const size_t got = content.copy(to, size, at);
        at += got;
        return got;
      });
      return;
    }
    documents_size_ += content.size();
    if (documents_size_ > kDocuments)
      throw Error(cat(name_, ": its manifests and configs are larger than ", kDocuments, " bytes"));
    documents_[file.path] = std::move(content);
  }

  void layer(const ArchiveFile& file, const files::ByteSource& content) {
    LayerOffer offer;
    offer.size = file.size;
    if (file.path.starts_with(kBlobs)) {
      const std::string hex = file.path.substr(kBlobs.size());
      if (!Digest::is_valid("sha256:" + hex)) return;
      offer.digest = Digest::from_hex(hex);
      if (is_here(*offer.digest, file.size)) return;
    }
    layers_[file.path] = with_context(name_, [&] { return intake_.receive(offer, content); });
  }

  // Bytes that the store can give are not read from the archive.
  bool is_here(const Digest& digest, uint64_t size) {
    return intake_.has({kLayerType, digest, size}, digest) ||
           BlobStore(store_.paths()).has({{}, digest, size});
  }

  std::string resolve(const std::string& named) const {
    const auto name = files::entry_name(named);
    if (!name) throw Error(cat(name_, ": ", quoted(named), ": leaves the archive"));
    std::string path = *name;
    for (int i = 0; i < kLinks; ++i) {
      const auto link = links_.find(path);
      if (link == links_.end()) return path;
      path = link->second;
    }
    throw Error(cat(name_, ": ", quoted(path), ": too many links"));
  }

  bool has_document(const std::string& path) const { return documents_.contains(resolve(path)); }

  Reference reference(const std::string& text) const {
    try {
      return Reference::parse(text);
    } catch (const Error& error) {
      // It is the archive that is wrong, not the command.
      throw Error(cat(name_, ": ", error.what()));
    }
  }

  const std::string& document(const std::string& path) const {
    const auto found = documents_.find(resolve(path));
    if (found == documents_.end())
      throw Error(cat(name_, ": ", quoted(path), " is missing"), {}, ErrorKind::not_found);
    return found->second;
  }

  const std::string& blob(const Descriptor& descriptor) const {
    const std::string& content = document(cat(kBlobs, descriptor.digest.hex()));
    if (content.size() != descriptor.size || Digest::of(content) != descriptor.digest)
      throw Error(
          cat(name_, ": blob ", descriptor.digest.str(), ": its digest or size is another"));
    return content;
  }

  void add(ImageFromOutside image) {
    loaded_.push_back({Digest::of(image.config_json), image.tags});
    images_.push_back(std::move(image));
  }

  void layout() {
    const Json version = parse_json(document("oci-layout"), cat(name_, ": oci-layout"));
    if (JsonView(version, cat(name_, ": oci-layout")).at("imageLayoutVersion").string() != "1.0.0")
      throw Error(cat(name_, ": oci-layout: only imageLayoutVersion 1.0.0 is known"));
    // A manifest has a row for each of its names.
    std::map<Digest, ImageFromOutside> images;
    std::vector<Digest> order;
    for (const LayoutRow& row : chosen(parse_layout_index(document("index.json"), name_))) {
      const Descriptor manifest = choose_platform(
          row.descriptor, name_, [&](const Descriptor& index) { return blob(index); });
      if (!images.contains(manifest.digest)) {
        order.push_back(manifest.digest);
        images[manifest.digest] = outside(manifest);
      }
      if (!row.name().empty() && !only_)
        images[manifest.digest].tags.push_back(reference(row.name()));
    }
    for (const Digest& digest : order) add(std::move(images[digest]));
  }

  std::vector<LayoutRow> chosen(std::vector<LayoutRow> rows) const {
    if (!only_ || (only_->empty() && rows.size() == 1)) return rows;
    const std::string wanted = only_->empty() ? "latest" : *only_;
    for (LayoutRow& row : rows)
      if (row.ref_name == wanted || row.descriptor.digest.str() == wanted) return {std::move(row)};
    throw Error(cat(name_, ": has no image ", quoted(wanted)), {}, ErrorKind::not_found);
  }

  ImageFromOutside outside(const Descriptor& descriptor) {
    ImageFromOutside image;
    image.manifest_json = blob(descriptor);
    const std::string shown = cat(name_, ": manifest ", descriptor.digest.str());
    const Manifest manifest = Manifest::parse(image.manifest_json, shown);
    image.config_json = blob(manifest.config);
    const ImageConfig config = ImageConfig::parse(image.config_json, cat(name_, ": config"));
    // What was passed over because the store has it.
    for (size_t i = 0; i < std::min(manifest.layers.size(), config.diff_ids.size()); ++i) {
      if (!layers_.contains(resolve(cat(kBlobs, manifest.layers[i].digest.hex()))))
        intake_.has(manifest.layers[i], config.diff_ids[i]);
    }
    return image;
  }

  void docker_archive() {
    const std::string shown = cat(name_, ": manifest.json");
    for (const DockerArchiveImage& from : parse_docker_archive(document("manifest.json"), shown)) {
      ImageFromOutside image;
      image.config_json = document(from.config);
      const ImageConfig config = ImageConfig::parse(image.config_json, cat(name_, ": config"));
      if (from.layers.size() != config.diff_ids.size())
        throw Error(cat(shown, ": ", quoted(from.config), " has ", config.diff_ids.size(),
                        " diff ids, but ", from.layers.size(), " layers are listed"));
      for (size_t i = 0; i < from.layers.size(); ++i)
        check_layer(from.layers[i], config.diff_ids[i]);
      if (from.repo_tags) {
        for (const std::string& tag : *from.repo_tags) image.tags.push_back(reference(tag));
      }
      add(std::move(image));
    }
  }

  void check_layer(const std::string& path, const Digest& diff_id) {
    if (path.empty()) {  // docker's word for "you have it"
      if (intake_.hold(diff_id)) return;
      throw Error(
          cat(name_, ": layer ", diff_id.str(), " is neither in the archive nor in the store"),
          "save the image again, with all its layers", ErrorKind::not_found);
    }
    const auto layer = layers_.find(resolve(path));
    // Passed over, because the store has a layer of this digest: `record` looks again.
    if (layer == layers_.end() && resolve(path) == cat(kBlobs, diff_id.hex())) return;
    if (layer == layers_.end())
      throw Error(cat(name_, ": layer ", quoted(path), " is missing"), {}, ErrorKind::not_found);
    if (layer->second.diff_id != diff_id) {
      throw Error(cat(name_, ": layer ", quoted(path), ": its digest is ",
                      layer->second.diff_id.str(), " instead of ", diff_id.str()));
    }
  }

  ImageStore& store_;
  const std::string& name_;
  Intake intake_;
  std::optional<std::string> only_;
  std::map<std::string, std::string> documents_, links_;
  std::map<std::string, ReceivedLayer> layers_;
  size_t documents_size_ = 0;
  std::vector<ImageFromOutside> images_;
  std::vector<LoadedImage> loaded_;
};

}  // namespace

std::vector<LoadedImage> load_images(ImageStore& store, int fd, const std::string& name) {
  Loader loader(store, name);
  read_archive(fd, name, [&](const ArchiveFile& file) { loader.visit(file); });
  return loader.finish();
}

std::vector<LoadedImage> load_layout(ImageStore& store, const std::string& directory) {
  Loader loader(store, directory);
  read_archive_directory(directory, [&](const ArchiveFile& file) { loader.visit(file); });
  return loader.finish();
}

Digest load_from_layout(ImageStore& store, const std::string& place) {
  const size_t at = place.find('@');
  const size_t colon = at == place.npos ? place.rfind(':') : place.npos;
  const bool tagged = colon != place.npos && place.find('/', colon) == place.npos;
  const size_t end = at != place.npos ? at : tagged ? colon : place.size();
  const std::string directory = place.substr(0, end);
  Loader loader(store, directory);
  loader.choose(end == place.size() ? "" : place.substr(end + 1));
  read_archive_directory(directory, [&](const ArchiveFile& file) { loader.visit(file); });
  return loader.finish().at(0).id;
}

}  // namespace mini::image
