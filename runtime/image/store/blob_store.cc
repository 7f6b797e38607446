#include "runtime/image/store/blob_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/files/hash_stream.h"
#include "runtime/files/scratch.h"

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
  const files::Scratch scratch(paths_);
  const auto files = stage(contents, scratch.path());
  // Content before names: a blob that has its name is whole, even after a power cut.
  if (!files.empty()) sync_filesystem(paths_.root);
  adopt(files);
}

std::map<Digest, std::string> BlobStore::stage(const std::vector<std::string>& contents,
                                               const std::string& directory) const {
  std::map<Digest, std::string> files;
  for (const std::string& content : contents) {
    const Digest digest = Digest::of(content);
    if (exists(path(digest))) continue;
    files[digest] = cat(directory, '/', digest.hex());
    replace_file(files[digest], content, false);
  }
  return files;
}

void BlobStore::adopt(const std::map<Digest, std::string>& files) const {
  for (const auto& [digest, file] : files) rename_path(file, path(digest));
  // Also for a blob that another process has just put there: its name must be durable before ours
  // refers to it.
  sync_directory(directory_);
}

bool BlobStore::has(const Descriptor& blob) const {
  struct stat info;
  return lstat(path(blob.digest).c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         static_cast<uint64_t>(info.st_size) == blob.size;
}

void BlobStore::copy(const Descriptor& blob, int out_fd) const {
  const std::string file = path(blob.digest);
  const Fd fd = open_file(file, O_RDONLY | O_NOFOLLOW);
  files::HashStream out(out_fd);
  for (;;) {
    const files::HashStream::Space space = out.space(1);
    const size_t got = read_full(fd.get(), space.data, space.size, file);
    if (got == 0) break;
    out.commit(got);
  }
  if (out.finish() != blob.digest || out.size() != blob.size)
    throw Error(cat("blob ", blob.digest.str(), ": is damaged: its digest or size is another"),
                "remove the image and pull or load it again");
}

std::vector<Digest> BlobStore::list() const {
  std::vector<Digest> digests;
  for (const std::string& name : list_directory(directory_)) {
    if (Digest::is_valid("sha256:" + name)) digests.push_back(Digest::from_hex(name));
  }
  return digests;
}

}  // namespace mini::image
