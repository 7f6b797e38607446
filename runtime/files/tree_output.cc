#include "runtime/files/tree_output.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/file_copy.h"

namespace mini::engine {
namespace {

constexpr uint64_t kReadAtOnce = 64 << 10;

image::EntryType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return image::EntryType::directory;
    case S_IFLNK:
      return image::EntryType::symlink;
    case S_IFCHR:
      return image::EntryType::character;
    case S_IFBLK:
      return image::EntryType::block;
    case S_IFIFO:
      return image::EntryType::fifo;
    default:
      return image::EntryType::file;
  }
}

std::string link_target(const MergedTree::Entry& entry) {
  char target[image::kLongestPath];
  const ssize_t size = readlinkat(entry.directory, entry.name.c_str(), target, sizeof target);
  if (size < 0) throw SysError(quoted(entry.path));
  return {target, static_cast<size_t>(size)};
}

}  // namespace

bool TreeOutput::is_link(const struct stat& info, image::TarEntry& described) {
  if (info.st_nlink < 2) return false;
  const auto [first, inserted] = links_.try_emplace({info.st_dev, info.st_ino}, described.path);
  if (inserted) return false;
  described.type = image::EntryType::hard_link;
  described.link = first->second;
  described.xattrs.clear();
  tar_.entry(described);
  return true;
}

void TreeOutput::file(const std::string& path, const MergedTree::Entry& entry,
                      image::TarEntry& described) {
  const Fd fd = open_regular(entry.directory, entry.name, quoted(path));
  struct stat info;
  if (fstat(fd.get(), &info) < 0) throw SysError(quoted(path));
  described.xattrs = image::read_attributes(fd.get(), nullptr, false, quoted(path)).kept;
  if (is_link(info, described)) return;
  described.size = static_cast<uint64_t>(info.st_size);
  tar_.entry(described);
  for (uint64_t left = described.size; left > 0;) {
    const image::HashStream::Space room = out_.space(std::min(left, kReadAtOnce));
    const size_t want = std::min<uint64_t>(left, room.size);
    const size_t got = read_full(fd.get(), room.data, want, quoted(path));
    if (got < want) throw Error(cat(quoted(path), ": became shorter while it was read"));
    out_.commit(got);
    left -= got;
  }
  tar_.pad(described.size);
}

void TreeOutput::add(const std::string& path, const MergedTree::Entry& entry) {
  if (S_ISSOCK(entry.info.st_mode)) return;
  image::TarEntry described;
  described.type = type_of(entry.info.st_mode);
  described.path = path;
  described.mode = entry.info.st_mode & 07777;
  described.uid = entry.info.st_uid;
  described.gid = entry.info.st_gid;
  described.mtime = entry.info.st_mtim.tv_sec;
  if (described.type == image::EntryType::file) return file(path, entry, described);
  const bool directory = described.type == image::EntryType::directory;
  described.xattrs =
      image::read_attributes(entry.directory, directory ? nullptr : entry.name.c_str(), false,
                             quoted(path))
          .kept;
  if (!directory && is_link(entry.info, described)) return;
  if (described.type == image::EntryType::symlink) {
    described.link = link_target(entry);
  } else if (!directory && described.type != image::EntryType::fifo) {
    described.major = major(entry.info.st_rdev);
    described.minor = minor(entry.info.st_rdev);
  }
  tar_.entry(described);
}

void TreeOutput::finish() {
  tar_.end();
  out_.finish();
}

}  // namespace mini::engine
