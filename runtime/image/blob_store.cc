#include "runtime/image/blob_store.h"

#include <fcntl.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/image/scratch.h"

namespace mini::image {

BlobStore::BlobStore(const StatePaths& paths)
    : paths_(paths), directory_(paths.root + "/images/blobs/sha256") {}

Fd BlobStore::open() const {
  return open_file(directory_, O_RDONLY | O_DIRECTORY);
}

std::string BlobStore::path(const Digest& digest) const {
  return cat(directory_, '/', digest.hex());
}

std::string BlobStore::read(const Digest& digest, uint64_t size, const std::string& what) const {
  const auto content = read_file_if_exists(path(digest), kLimit);
  const std::string cure =
      "`mini fsck` shows all damage; remove the image and build or load it again";
  if (!content)
    throw Error(cat(what, ": blob ", digest.str(), " is missing"), cure, ErrorKind::not_found);
  if (size != 0 && content->size() != size) {
    throw Error(
        cat(what, ": blob ", digest.str(), " has ", content->size(), " bytes instead of ", size),
        cure);
  }
  if (Digest::of(*content) != digest)
    throw Error(cat(what, ": blob ", digest.str(), " is damaged: its digest is another"), cure);
  return *content;
}

void BlobStore::write(const std::vector<std::string>& contents) const {
  std::vector<Digest> missing;
  const Scratch scratch(paths_);
  for (const std::string& content : contents) {
    const Digest digest = Digest::of(content);
    if (exists(path(digest))) continue;
    replace_file(cat(scratch.path(), '/', digest.hex()), content, false);
    missing.push_back(digest);
  }
  // Content before names: a blob that has its name is whole, even after a power cut.
  if (!missing.empty()) sync_filesystem(paths_.root);
  for (const Digest& digest : missing)
    rename_path(cat(scratch.path(), '/', digest.hex()), path(digest));
  // Also for a blob that another process has just put there: its name must be durable before ours
  // refers to it.
  sync_directory(directory_);
}

std::vector<Digest> BlobStore::list() const {
  std::vector<Digest> digests;
  for (const std::string& name : list_directory(directory_)) {
    if (Digest::is_valid("sha256:" + name)) digests.push_back(Digest::from_hex(name));
  }
  return digests;
}

}  // namespace mini::image
