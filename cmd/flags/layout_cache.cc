#include "cmd/flags/layout_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/lock.h"
#include "runtime/base/text.h"
#include "runtime/image/document/layout_index.h"
#include "runtime/image/store/blob_store.h"
#include "runtime/image/transfer/intake.h"
#include "runtime/registry/distribution/push_memory.h"

namespace mini::cmd {
namespace {

constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr size_t kLimit = image::BlobStore::kLimit;

std::string blob_file(const std::string& directory, const Digest& digest) {
  return cat(directory, "/blobs/sha256/", digest.hex());
}

std::string tag_of(const JsonView& row) {
  const auto annotations = row.find("annotations");
  return annotations ? annotations->string_or(kRefName) : std::string();
}

class LayoutSource : public build::CacheSource {
 public:
  LayoutSource(image::ImageStore& store, std::string directory, std::string tag)
      : store_(store), directory_(std::move(directory)), tag_(std::move(tag)) {}

  std::string name() const override { return directory_; }

  build::CacheOffer open() override {
    const std::string index = read_file(directory_ + "/index.json", kLimit);
    for (const image::LayoutRow& row : image::parse_layout_index(index, directory_)) {
      if (row.ref_name != tag_) continue;
      const auto manifest = image::Manifest::parse(document(row.descriptor), "manifest");
      return {document(manifest.config), manifest.layers};
    }
    throw Error(cat("no cache tagged ", quoted(tag_)), {}, ErrorKind::not_found);
  }

  void fetch(const image::Descriptor& blob, const Digest& diff_id,
             const std::function<void()>& check) override {
    const std::string file = blob_file(directory_, blob.digest);
    const Fd fd = open_file(file, O_RDONLY);
    image::Intake intake(store_);
    intake.receive({blob.media_type, blob.digest, blob.size, diff_id}, [&](char* to, size_t size) {
      check();
      return read_full(fd.get(), to, size, file);
    });
    intake.record_layers();
  }

 private:
  std::string document(const image::Descriptor& descriptor) const {
    std::string bytes = read_file(blob_file(directory_, descriptor.digest), kLimit);
    if (Digest::of(bytes) != descriptor.digest)
      throw Error(cat("blob ", descriptor.digest.str(), ": damaged"));
    return bytes;
  }

  image::ImageStore& store_;
  const std::string directory_, tag_;
};

class LayoutWriter {
 public:
  LayoutWriter(image::ImageStore& store, registry::PushFormat format, const std::string& directory)
      : store_(store), format_(format), directory_(directory), memory_(store) {
    make_directories(directory_ + "/blobs/sha256");
    lock_.emplace(FileLock::acquire(directory_, LockMode::exclusive, "the cache's directory"));
    unlink(unfinished().c_str());  // of a writer that was killed
  }

  void write(const image::Image& image, const std::string& tag) {
    image::Manifest manifest = image.manifest;
    for (size_t i = 0; i < manifest.layers.size(); ++i) manifest.layers[i] = layer(image, i);
    const std::string bytes = manifest.to_json();
    const image::Descriptor row{manifest.media_type, Digest::of(bytes), bytes.size()};
    document(manifest.config, image.config_json);
    document(row, bytes);
    replace_file(directory_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})", false);
    replace_file(directory_ + "/index.json", index(row, tag), false);
  }

 private:
  std::string unfinished() const { return directory_ + "/.unfinished"; }

  bool is_there(const image::Descriptor& blob) const {
    struct stat info;
    return stat(blob_file(directory_, blob.digest).c_str(), &info) == 0 &&
           static_cast<uint64_t>(info.st_size) == blob.size;
  }

  void document(const image::Descriptor& descriptor, const std::string& bytes) const {
    if (!is_there(descriptor)) replace_file(blob_file(directory_, descriptor.digest), bytes, false);
  }

  image::Descriptor layer(const image::Image& image, size_t i) {
    const image::Descriptor kept = image.manifest.layers[i];
    const Digest& diff_id = image.config.diff_ids[i];
    if (kept.digest == diff_id) return compressed(diff_id);
    if (!is_there(kept))
      place([&](int fd) {
        store_.write_layer(image, i, fd);
        return kept.digest;
      });
    return kept;
  }

  image::Descriptor compressed(const Digest& diff_id) {
    const char* type =
        format_ == registry::PushFormat::gzip ? image::kGzipLayerType : image::kZstdLayerType;
    registry::PushRecord record;
    if (const auto known = memory_.find(diff_id, format_)) {
      record = *known;
      const image::Descriptor blob{type, record.blob.digest, record.blob.size};
      if (is_there(blob)) return blob;
    }
    place([&](int fd) {
      record.blob = registry::compress_layer(
          format_, [&](int to) { store_.layers().write_tar(diff_id, to); }, fd);
      return record.blob.digest;
    });
    memory_.put(diff_id, format_, record, cat("oci-layout:", directory_));
    return {type, record.blob.digest, record.blob.size};
  }

  // `write` gives the name of what it wrote.
  void place(const std::function<Digest(int fd)>& write) const {
    const std::string file = unfinished();
    try {
      Fd fd = open_file(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
      const Digest digest = write(fd.get());
      fd.close(file);
      rename_path(file, blob_file(directory_, digest));
    } catch (...) {
      unlink(file.c_str());
      throw;
    }
  }

  // What other tags name stays.
  std::string index(const image::Descriptor& row, const std::string& tag) const {
    Json rows = Json::array();
    if (const auto text = read_file_if_exists(directory_ + "/index.json", kLimit)) {
      const Json old = parse_json(*text, directory_ + "/index.json");
      for (const JsonView& other : JsonView(old, "index.json").at("manifests").items())
        if (tag_of(other) != tag) rows.push_back(other.json());
    }
    rows.push_back({{"mediaType", row.media_type},
                    {"digest", row.digest.str()},
                    {"size", row.size},
                    {"annotations", {{kRefName, tag}}}});
    return canonical(
        {{"schemaVersion", 2}, {"mediaType", image::kIndexType}, {"manifests", std::move(rows)}});
  }

  image::ImageStore& store_;
  const registry::PushFormat format_;
  const std::string& directory_;
  registry::PushMemory memory_;
  std::optional<FileLock> lock_;  // one writer at a time
};

}  // namespace

std::shared_ptr<build::CacheSource> layout_cache_source(image::ImageStore& store,
                                                        const std::string& directory,
                                                        const std::string& tag) {
  return std::make_shared<LayoutSource>(store, directory, tag);
}

void write_layout_cache(image::ImageStore& store, const image::Image& image,
                        registry::PushFormat format, const std::string& directory,
                        const std::string& tag) {
  LayoutWriter(store, format, directory).write(image, tag);
}

}  // namespace mini::cmd
