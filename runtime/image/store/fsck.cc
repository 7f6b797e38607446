#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/image/document/index.h"
#include "runtime/image/store/blob_store.h"
#include "runtime/image/store/garbage.h"

namespace mini::image {
namespace {

class Check {
 public:
  explicit Check(const ImageStore& store) : store_(store), blobs_(store.paths()) {}

  FsckReport run() {
    images();
    blobs();
    layers();
    strangers("/layers",
              [](const std::string& name) { return Digest::is_valid("sha256:" + name); });
    strangers("/images/blobs/sha256",
              [](const std::string& name) { return Digest::is_valid("sha256:" + name); });
    return std::move(report_);
  }

 private:
  template <class Work>
  void checked(const std::string& object, const std::function<bool()>& still_there, Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      // Nothing is locked for so long a time: what another command removed meanwhile is not
      // damaged.
      if (still_there()) report_.findings.push_back({object, error.what()});
    }
  }

  void images() {
    std::vector<ImageEntry> entries;
    checked(
        "index.json", [] { return true; }, [&] { entries = store_.list(); });
    for (const ImageEntry& entry : entries) {
      ++report_.images;
      const auto listed = [&] {
        const auto now = store_.list();
        return std::any_of(now.begin(), now.end(),
                           [&](const ImageEntry& other) { return other.id == entry.id; });
      };
      checked(cat("image ", entry.tags.empty() ? entry.id.short_id() : entry.tags[0]), listed, [&] {
        const Image image = store_.load(entry);
        uint64_t size = 0;
        for (const Layer& layer : image.layers) size += layer.size;
        if (size != entry.size) throw Error("the index says another size");
        if (image.config.labels != entry.labels) throw Error("the index says other labels");
        for (size_t i = 0; i < image.layers.size(); ++i) {
          const Descriptor& blob = image.manifest.layers[i];
          if (blob.digest != image.layers[i].diff_id && !blobs_.has(blob))
            throw Error(cat("blob ", blob.digest.str(), " is missing or of another size"));
        }
      });
    }
  }

  void blobs() {
    for (const Digest& digest : blobs_.list()) {
      ++report_.blobs;
      checked(
          cat("blob ", digest.str()), [&] { return exists(blobs_.path(digest)); },
          [&] {
            const Fd fd = open_file(blobs_.path(digest), O_RDONLY | O_NOFOLLOW);
            if (Digest::of_fd(fd.get(), blobs_.path(digest)) != digest)
              throw Error("its digest is another");
            struct stat info;
            if (fstat(fd.get(), &info) == 0)
              report_.bytes_read += static_cast<uint64_t>(info.st_size);
          });
    }
  }

  void layers() {
    for (const Digest& diff_id : store_.layers().list()) {
      ++report_.layers;
      const std::string path = cat(store_.paths().root, "/layers/", diff_id.hex());
      checked(
          cat("layer ", diff_id.str()), [&] { return exists(path); },
          [&] {
            store_.layers().verify(diff_id);
            report_.bytes_read += store_.layers().get(diff_id).size;
          });
    }
  }

  template <class Known>
  void strangers(const std::string& directory, Known&& known) {
    for (const std::string& name : list_directory(store_.paths().root + directory)) {
      if (!known(name))
        report_.findings.push_back(
            {cat(store_.paths().root, directory, '/', name), "does not belong here"});
    }
  }

  const ImageStore& store_;
  const BlobStore blobs_;
  FsckReport report_;
};

}  // namespace

FsckReport fsck(const ImageStore& store) {
  return Check(store).run();
}

}  // namespace mini::image
