#include "runtime/image/transfer/archive_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/files/entry_name.h"
#include "runtime/files/tar_reader.h"

namespace mini::image {
namespace {

constexpr size_t kMostEntries = 1'000'000;

class TarArchive {
 public:
  TarArchive(int fd, const std::string& name)
      : name_(name),
        in_(fd, name),
        buffer_(std::make_unique_for_overwrite<char[]>(files::HashStream::kBuffer)),
        tar_([this](size_t size) { return take(size); }, name) {}

  void run(const ArchiveVisitor& visit) {
    while (const auto entry = tar_.next()) {
      ArchiveFile file;
      file.path = clean(*entry, entry->path);
      if (entry->type == files::EntryType::directory) continue;
      if (file.path.empty()) refuse(*entry, "has the name of the archive's root");
      if (++entries_ > kMostEntries) throw Error(cat(name_, ": has too many entries"));
      if (entry->type == files::EntryType::hard_link) {
        file.link = clean(*entry, entry->link);
      } else if (entry->type == files::EntryType::symlink) {
        file.link = target(*entry, file.path);
      } else if (entry->type != files::EntryType::file) {
        refuse(*entry, "is neither a file nor a directory");
      }
      file.size = entry->size;
      rest_ = {};
      file.content = [this](char* to, size_t size) { return read(to, size); };
      visit(file);
    }
    while (!take(files::HashStream::kBuffer).empty()) {
    }
  }

 private:
  [[noreturn]] void refuse(const files::TarEntry& entry, const std::string& why) const {
    throw Error(cat(name_, ": ", quoted(entry.path), ": ", why));
  }

  std::string clean(const files::TarEntry& entry, std::string_view path) const {
    const auto name = files::entry_name(path);
    if (!name) refuse(entry, "a name with \"..\" that leaves the archive");
    return *name;
  }

  // Docker and Podman write "../<layer>/layer.tar" for a layer that is there already.
  std::string target(const files::TarEntry& entry, const std::string& path) const {
    if (entry.link.starts_with('/')) return clean(entry, entry.link);
    const size_t slash = path.rfind('/');
    return clean(entry,
                 slash == path.npos ? entry.link : cat(path.substr(0, slash + 1), entry.link));
  }

  std::string_view take(size_t size) { return {buffer_.get(), in_.read(buffer_.get(), size)}; }

  size_t read(char* to, size_t size) {
    size_t got = 0;
    while (got < size) {
      if (rest_.empty()) rest_ = tar_.content();
      if (rest_.empty()) break;
      const size_t piece = std::min(size - got, rest_.size());
      memcpy(to + got, rest_.data(), piece);
      rest_.remove_prefix(piece);
      got += piece;
    }
    return got;
  }

  const std::string& name_;
  files::Decompressor in_;
  std::unique_ptr<char[]> buffer_;
  files::TarReader tar_;
  std::string_view rest_;
  size_t entries_ = 0;
};

void visit_file(int directory, const std::string& name, const std::string& path,
                const ArchiveVisitor& visit) {
  const Fd fd = open_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat info;
  if (fstat(fd.get(), &info) < 0) throw SysError(path);
  if (!S_ISREG(info.st_mode)) return;
  ArchiveFile file;
  file.path = path;
  file.size = static_cast<uint64_t>(info.st_size);
  file.content = [&](char* to, size_t size) { return read_full(fd.get(), to, size, path); };
  visit(file);
}

}  // namespace

void read_archive(int fd, const std::string& name, const ArchiveVisitor& visit) {
  TarArchive(fd, name).run(visit);
}

void read_archive_directory(const std::string& directory, const ArchiveVisitor& visit) {
  const Fd root = open_file(directory, O_RDONLY | O_DIRECTORY);
  for (const char* name : {"oci-layout", "index.json"}) visit_file(root.get(), name, name, visit);
  const std::string blobs = "blobs/sha256";
  const Fd inner = open_at(root.get(), blobs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  for (const std::string& name : list_directory(cat(directory, '/', blobs)))
    visit_file(inner.get(), name, cat(blobs, '/', name), visit);
}

}  // namespace mini::image
