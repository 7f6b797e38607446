#include "runtime/files/tree_output.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/file_copy.h"

namespace mini::files {
namespace {

constexpr uint64_t kReadAtOnce = 64 << 10;

EntryType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFCHR:
      return EntryType::character;
    case S_IFBLK:
      return EntryType::block;
    case S_IFIFO:
      return EntryType::fifo;
    default:
      return EntryType::file;
  }
}

std::string link_target(const MergedTree::Entry& entry) {
  char target[kLongestPath];
  const ssize_t size = readlinkat(entry.directory, entry.name.c_str(), target, sizeof target);
  if (size < 0) throw SysError(quoted(entry.path));
  return {target, static_cast<size_t>(size)};
}

}  // namespace

bool TreeOutput::is_link(const struct stat& info, TarEntry& described) {
  if (info.st_nlink < 2) return false;
  const auto [first, inserted] = links_.try_emplace({info.st_dev, info.st_ino}, described.path);
  if (inserted) return false;
  described.type = EntryType::hard_link;
  described.link = first->second;
  described.xattrs.clear();
  tar_.entry(described);
  return true;
}

void TreeOutput::file(const std::string& path, const MergedTree::Entry& entry,
                      TarEntry& described) {
  const Fd fd = open_regular(entry.directory, entry.name, quoted(path));
  struct stat info;
  if (fstat(fd.get(), &info) < 0) throw SysError(quoted(path));
  described.xattrs = read_attributes(fd.get(), nullptr, false, quoted(path)).kept;
  if (is_link(info, described)) return;
  described.size = static_cast<uint64_t>(info.st_size);
  tar_.entry(described);
  for (uint64_t left = described.size; left > 0;) {
    const HashStream::Space room = out_.space(std::min(left, kReadAtOnce));
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
  TarEntry described;
  described.type = type_of(entry.info.st_mode);
  described.path = path;
  described.mode = entry.info.st_mode & 07777;
  described.uid = entry.info.st_uid;
  described.gid = entry.info.st_gid;
  described.mtime = entry.info.st_mtim.tv_sec;
  if (described.type == EntryType::file) return file(path, entry, described);
  const bool directory = described.type == EntryType::directory;
  described.xattrs = read_attributes(entry.directory, directory ? nullptr : entry.name.c_str(),
                                     false, quoted(path))
                         .kept;
  if (!directory && is_link(entry.info, described)) return;
  if (described.type == EntryType::symlink) {
    described.link = link_target(entry);
  } else if (!directory && described.type != EntryType::fifo) {
    described.major = major(entry.info.st_rdev);
    described.minor = minor(entry.info.st_rdev);
  }
  tar_.entry(described);
}

void TreeOutput::finish() {
  tar_.end();
  out_.finish();
}

}  // namespace mini::files
