#include "runtime/image/transfer/save.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/image/document/docker_archive.h"
#include "runtime/image/document/layout_index.h"
#include "runtime/image/store/lease.h"

namespace mini::image {
namespace {

std::string blob_path(const Digest& digest) {
  return cat("blobs/sha256/", digest.hex());
}

struct Chosen {
  Image image;
  std::vector<Reference> names;  // under which it is saved
};

class Saver {
 public:
  Saver(const ImageStore& store, ArchiveSink& sink) : store_(store), sink_(sink) {}

  void choose(const std::string& name) {
    for (const std::string& tag : tags_of_repository(name)) add(store_.load(tag), tag);
    if (tags_of_repository(name).empty()) {
      const Image image = store_.load(name);
      add(image, is_tag(image, name) ? Reference::parse(name).full() : std::string());
    }
  }

  // Whoever removes an image meanwhile takes its name, not what is being read.
  void protect(Lease& lease) const {
    for (const Chosen& chosen : chosen_) {
      for (const Digest& diff_id : chosen.image.config.diff_ids) lease.add(diff_id);
      for (const Descriptor& layer : chosen.image.manifest.layers) lease.add(layer.digest);
    }
  }

  void write(ArchiveFormat format) {
    sink_.file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    sink_.file("index.json", index_json());
    if (format == ArchiveFormat::docker) {
      sink_.file("manifest.json", manifest_json());
      if (const auto names = repositories(); !names.empty())
        sink_.file("repositories", canonical(names));
    }
    sink_.directory("blobs");
    sink_.directory("blobs/sha256");
    for (const Chosen& chosen : chosen_) {
      const Image& image = chosen.image;
      blob(image.entry.manifest, image.manifest_json);
      blob(image.entry.id, image.config_json);
    }
    for (const Chosen& chosen : chosen_) {
      for (size_t i = 0; i < chosen.image.layers.size(); ++i) layer(chosen.image, i);
    }
    sink_.finish();
  }

 private:
  // "web" means web:1 and web:2; a complete name or an id means one image.
  std::vector<std::string> tags_of_repository(const std::string& name) const {
    std::vector<std::string> tags;
    if (name.find('@') != std::string::npos || name.starts_with("sha256:")) return tags;
    const auto found = store_.find(name);
    Reference wanted;
    try {
      wanted = Reference::parse(name);
    } catch (const Error&) {
      return tags;  // an id
    }
    const bool has_tag = name.ends_with(cat(':', wanted.tag));
    if (has_tag || (found && !is_tag(*found, name))) return tags;
    for (const ImageEntry& entry : store_.list()) {
      for (const std::string& tag : entry.tags) {
        const Reference other = Reference::parse(tag);
        if (other.registry == wanted.registry && other.repository == wanted.repository)
          tags.push_back(tag);
      }
    }
    std::sort(tags.begin(), tags.end());
    return tags;
  }

  static bool is_tag(const ImageEntry& entry, const std::string& name) {
    try {
      const std::string full = Reference::parse(name).full();
      return std::find(entry.tags.begin(), entry.tags.end(), full) != entry.tags.end();
    } catch (const Error&) {
      return false;  // an id
    }
  }
  static bool is_tag(const Image& image, const std::string& name) {
    return is_tag(image.entry, name);
  }

  void add(const Image& image, const std::string& tag) {
    auto known = std::find_if(chosen_.begin(), chosen_.end(), [&](const Chosen& other) {
      return other.image.entry.manifest == image.entry.manifest;
    });
    if (known == chosen_.end()) known = chosen_.insert(known, {image, {}});
    if (tag.empty()) return;
    const Reference name = Reference::parse(tag);
    if (std::find(known->names.begin(), known->names.end(), name) == known->names.end())
      known->names.push_back(name);
  }

  std::string index_json() const {
    std::vector<LayoutRow> rows;
    for (const Chosen& chosen : chosen_) {
      const Image& image = chosen.image;
      LayoutRow row;
      row.descriptor = {image.manifest.media_type, image.entry.manifest,
                        image.manifest_json.size()};
      row.platform = {image.config.os, image.config.architecture};
      if (chosen.names.empty()) rows.push_back(row);
      for (const Reference& name : chosen.names) {
        row.full_name = name.full();
        row.ref_name = name.tag;
        rows.push_back(row);
      }
    }
    return layout_index_json(rows);
  }

  std::string manifest_json() const {
    std::vector<DockerArchiveImage> images;
    for (const Chosen& chosen : chosen_) {
      DockerArchiveImage& image = images.emplace_back();
      image.config = blob_path(chosen.image.entry.id);
      for (const Reference& name : chosen.names) {
        if (!image.repo_tags) image.repo_tags.emplace();
        image.repo_tags->push_back(name.familiar());
      }
      for (size_t i = 0; i < chosen.image.manifest.layers.size(); ++i) {
        const Descriptor& from = chosen.image.manifest.layers[i];
        image.layers.push_back(blob_path(from.digest));
        image.layer_sources[chosen.image.config.diff_ids[i].str()] = from;
      }
    }
    return docker_archive_json(images);
  }

  std::map<std::string, std::map<std::string, std::string>> repositories() const {
    std::map<std::string, std::map<std::string, std::string>> names;
    for (const Chosen& chosen : chosen_) {
      const auto& layers = chosen.image.config.diff_ids;
      const std::string top = layers.empty() ? chosen.image.entry.id.hex() : layers.back().hex();
      for (const Reference& name : chosen.names) names[name.familiar_name()][name.tag] = top;
    }
    return names;
  }

  void blob(const Digest& digest, const std::string& content) {
    if (written_.insert(digest).second) sink_.file(blob_path(digest), content);
  }

  void layer(const Image& image, size_t i) {
    const Descriptor& from = image.manifest.layers[i];
    if (!written_.insert(from.digest).second) return;
    sink_.file(blob_path(from.digest), from.size,
               [&](int fd) { store_.write_layer(image, i, fd); });
  }

  const ImageStore& store_;
  ArchiveSink& sink_;
  std::vector<Chosen> chosen_;
  std::set<Digest> written_;
};

}  // namespace

void save_images(const ImageStore& store, const std::vector<std::string>& names,
                 ArchiveFormat format, ArchiveSink& sink) {
  Lease lease(store.paths());
  Saver saver(store, sink);
  {
    const FileLock shared = store.lock(LockMode::shared);
    for (const std::string& name : names) saver.choose(name);
    saver.protect(lease);
  }
  saver.write(format);
}

}  // namespace mini::image
