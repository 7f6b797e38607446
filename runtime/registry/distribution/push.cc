#include "runtime/registry/distribution/push.h"

#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "runtime/files/scratch.h"
#include "runtime/image/store/blob_store.h"
#include "runtime/registry/distribution/push_memory.h"
#include "runtime/registry/distribution/upload.h"
#include "runtime/registry/distribution/workers.h"

namespace mini::registry {
namespace {

using State = TransferSink::State;

constexpr size_t kMounts = 3;  // repositories that are tried

BlobReader file_reader(const std::string& path) {
  return [path] {
    auto fd = std::make_shared<Fd>(open_file(path, O_RDONLY | O_NOFOLLOW));
    return [fd, path](char* to, size_t size) { return read_full(fd->get(), to, size, path); };
  };
}

BlobReader text_reader(const std::string& text) {
  return [&text] {
    return [&text, at = size_t{0}](char* to, size_t size) mutable {
      const size_t length = std::min(size, text.size() - at);
      text.copy(to, length, at);
      at += length;
      return length;
    };
  };
}

// A manifest in OCI's types names its layers in them too, also those that were pulled as Docker's.
std::string oci_type(const std::string& type) {
  if (type == image::kDockerGzipLayerType) return image::kGzipLayerType;
  if (type == image::kDockerZstdLayerType) return image::kZstdLayerType;
  return type == image::kDockerLayerType ? image::kLayerType : type;
}

class Push {
 public:
  Push(image::ImageStore& store, const image::Image& image, const image::Reference& reference,
       const Settings& settings, const CredentialFile& credentials, TransferSink& sink,
       const PushOptions& options)
      : store_(store),
        reference_(reference),
        place_(cat(reference.registry, '/', reference.repository)),
        image_(image),
        repository_(reference, settings, credentials, true),
        uploader_(repository_),
        memory_(store),
        sink_(sink),
        options_(options),
        scratch_(store.paths()) {}

  PushResult run() {
    image::Manifest manifest = image_.manifest;
    // The index may name one layer several times; the work is done once.
    std::vector<size_t> distinct;
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      if (first_of(i) == i) distinct.push_back(i);
    }
    for_each_parallel(distinct.size(), repository_.settings().parallel,
                      [&](size_t n, const std::atomic<bool>& stop) {
                        const size_t i = distinct[n];
                        manifest.layers[i] = layer(i, stop);
                      });
    for (size_t i = 0; i < manifest.layers.size(); ++i)
      manifest.layers[i] = manifest.layers[first_of(i)];
    if (!uploader_.has(manifest.config))
      uploader_.upload(manifest.config, text_reader(image_.config_json), [](uint64_t) {});

    const bool same =
        std::equal(manifest.layers.begin(), manifest.layers.end(), image_.manifest.layers.begin(),
                   [](const image::Descriptor& a, const image::Descriptor& b) {
                     return a.digest == b.digest && a.media_type == b.media_type;
                   });
    const std::string bytes = same ? image_.manifest_json : manifest.to_json();
    uploader_.put_manifest(bytes, manifest.media_type, reference_.tag);
    return {Digest::of(bytes), bytes.size()};
  }

 private:
  size_t first_of(size_t i) const {
    size_t first = 0;
    while (image_.manifest.layers[first].digest != image_.manifest.layers[i].digest) ++first;
    return first;
  }

  // A manifest that mini made is in mini's own form; anybody else's is kept to the byte.
  bool own_manifest() const { return image_.manifest.to_json() == image_.manifest_json; }

  image::Descriptor layer(size_t i, const std::atomic<bool>& stop) {
    image::Descriptor blob = image_.manifest.layers[i];
    const bool plain = blob.digest == image_.config.diff_ids[i];
    if (own_manifest()) {
      if (plain) return made_here(i, stop);
      blob.media_type = oci_type(blob.media_type);
    }
    if (is_there(blob, blob.digest,
                 memory_.repositories(blob.digest, reference_.registry, reference_.repository)))
      return blob;
    if (plain) {
      const std::string file = new_file();
      const Fd out = open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
      store_.write_layer(image_, i, out.get());
      send(blob, blob.digest, file, stop);
    } else {
      send(blob, blob.digest, image::BlobStore(store_.paths()).path(blob.digest), stop);
    }
    return blob;
  }

  // Compressed only when the registry does not have what it was compressed to the last time.
  image::Descriptor made_here(size_t i, const std::atomic<bool>& stop) {
    const Digest& diff_id = image_.config.diff_ids[i];
    const char* type =
        options_.format == PushFormat::gzip ? image::kGzipLayerType : image::kZstdLayerType;
    PushRecord record;
    if (auto known = memory_.find(diff_id, options_.format)) {
      record = *std::move(known);
      const image::Descriptor blob{type, record.blob.digest, record.blob.size};
      if (is_there(blob, diff_id, other_repositories(record))) {
        memory_.put(diff_id, options_.format, record, place_);
        return blob;
      }
    }
    const std::string file = new_file();
    const uint64_t total = image_.layers[i].size;
    sink_.on_layer(diff_id, State::preparing, 0, total);
    {
      const Fd out = open_file(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
      record.blob = compress_layer(
          options_.format, [&](int fd) { store_.layers().write_tar(diff_id, fd); }, out.get(),
          [&](uint64_t) {
            if (stop) throw Stopped();
          });
    }
    const image::Descriptor blob{type, record.blob.digest, record.blob.size};
    // It goes by its diff id where it is shown, since that was known first.
    if (!is_there(blob, diff_id, {})) send(blob, diff_id, file, stop);
    memory_.put(diff_id, options_.format, record, place_);
    return blob;
  }

  std::vector<std::string> other_repositories(const PushRecord& record) const {
    std::vector<std::string> found;
    const std::string prefix = reference_.registry + "/";
    for (auto place = record.places.rbegin(); place != record.places.rend(); ++place) {
      if (place->starts_with(prefix) && *place != place_)
        found.push_back(place->substr(prefix.size()));
    }
    return found;
  }

  bool is_there(const image::Descriptor& blob, const Digest& shown,
                std::vector<std::string> elsewhere) {
    if (uploader_.has(blob)) {
      sink_.on_layer(shown, State::exists, blob.size, blob.size);
      return true;
    }
    if (elsewhere.size() > kMounts) elsewhere.resize(kMounts);
    if (!uploader_.mount_from(blob, elsewhere)) return false;
    sink_.on_layer(shown, State::mounted, blob.size, blob.size);
    return true;
  }

  void send(const image::Descriptor& blob, const Digest& shown, const std::string& file,
            const std::atomic<bool>& stop) {
    sink_.on_layer(shown, State::moving, 0, blob.size);
    uploader_.upload(blob, file_reader(file), [&](uint64_t sent) {
      if (stop) throw Stopped();
      sink_.on_layer(shown, State::moving, sent, blob.size);
    });
    sink_.on_layer(shown, State::done, blob.size, blob.size);
  }

  std::string new_file() {
    const std::lock_guard guard(mutex_);
    return cat(scratch_.path(), '/', files_++);
  }

  image::ImageStore& store_;
  const image::Reference reference_;
  const std::string place_;
  const image::Image& image_;
  Repository repository_;
  Uploader uploader_;
  PushMemory memory_;
  TransferSink& sink_;
  const PushOptions options_;
  const files::Scratch scratch_;
  std::mutex mutex_;
  int files_ = 0;
};

}  // namespace

PushResult push_image(image::ImageStore& store, const image::Image& image,
                      const image::Reference& reference, const Settings& settings,
                      const CredentialFile& credentials, TransferSink& sink,
                      const PushOptions& options) {
  return Push(store, image, reference, settings, credentials, sink, options).run();
}

PushResult push(image::ImageStore& store, const image::Reference& reference,
                const Settings& settings, const CredentialFile& credentials, TransferSink& sink,
                const PushOptions& options) {
  if (reference.digest)
    throw Error(cat("push ", quoted(reference.familiar()), ": a digest cannot be pushed to"),
                "push a tag", ErrorKind::usage);
  return with_context(cat("push ", reference.familiar()), [&] {
    const image::Image image = store.load(reference.full());
    const PushResult result =
        push_image(store, image, reference, settings, credentials, sink, options);
    store.add_repo_digest(
        image.entry, cat(reference.registry, '/', reference.repository, '@', result.digest.str()));
    return result;
  });
}

}  // namespace mini::registry
