#include "runtime/files/tree_tar.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/tar_writer.h"

namespace mini::files {
namespace {

constexpr size_t kReadAtOnce = 64 << 10;
constexpr int kOpenLevels =
    128;  // deeper ones are reopened by "..", so that no depth needs more descriptors

struct Name {
  std::string text;
  unsigned char type;  // DT_*
};

std::vector<Name> sorted_names(int directory, const std::string& shown) {
  Fd copy(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy ? fdopendir(copy.get()) : nullptr,
                                                   closedir);
  if (!stream) throw SysError(shown);
  copy.release();  // the stream's now
  std::vector<Name> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(stream.get());
    if (!entry) break;
    const std::string_view text = entry->d_name;
    if (text != "." && text != "..") names.push_back({std::string(text), entry->d_type});
  }
  if (errno != 0) throw SysError(cat(shown, ": read the directory"));
  std::sort(names.begin(), names.end(),
            [](const Name& a, const Name& b) { return a.text < b.text; });
  return names;
}

class TreeTar {
 public:
  TreeTar(HashStream& out, int64_t epoch, bool normalise, const std::string& shown)
      : out_(out), tar_(out), epoch_(epoch), normalise_(normalise), shown_(shown) {}

  uint64_t run(Fd tree) {
    const struct stat info = stat_fd(tree.get(), shown_);
    const Attributes attributes = read_attributes(tree.get(), nullptr, normalise_, shown_);
    const bool changed = (info.st_mode & 07777) != 0755 || info.st_uid != 0 || info.st_gid != 0 ||
                         !attributes.kept.empty();
    if (changed || attributes.opaque)
      tar_.entry(described(EntryType::directory, "", info, attributes));
    if (attributes.opaque) tar_.opaque("");
    content(tree, "", 0);
    clamp_open(tree.get(), info, shown_);
    tar_.end();
    return tar_.entries();
  }

 private:
  std::string shown(const std::string& path) const { return cat(shown_, ": ", quoted(path)); }

  TarEntry described(EntryType type, const std::string& path, const struct stat& info,
                     const Attributes& attributes) const {
    TarEntry entry;
    entry.type = type;
    entry.path = path;
    entry.mode = info.st_mode & 07777;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.mtime = clamp_time(info.st_mtim.tv_sec, epoch_);
    entry.xattrs = attributes.kept;
    return entry;
  }

  bool must_clamp(const struct stat& info) const {
    return normalise_ && (info.st_mtim.tv_nsec != 0 ||
                          info.st_mtim.tv_sec != clamp_time(info.st_mtim.tv_sec, epoch_));
  }

  void clamp_open(int fd, const struct stat& info, const std::string& what) const {
    if (!must_clamp(info)) return;
    const timespec times[2] = {{0, UTIME_OMIT}, {clamp_time(info.st_mtim.tv_sec, epoch_), 0}};
    if (futimens(fd, times) < 0) throw SysError(cat(what, ": set the time"));
  }

  void clamp_entry(int directory, const std::string& name, const struct stat& info,
                   const std::string& path) const {
    if (!must_clamp(info)) return;
    const timespec times[2] = {{0, UTIME_OMIT}, {clamp_time(info.st_mtim.tv_sec, epoch_), 0}};
    if (utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0)
      throw SysError(cat(shown(path), ": set the time"));
  }

  void content(Fd& directory, const std::string& path, int depth) {
    for (const Name& name : sorted_names(directory.get(), shown(path))) {
      const std::string inner = path.empty() ? name.text : cat(path, '/', name.text);
      if (name.text.starts_with(kWhiteoutPrefix)) {
        throw Error(
            cat(shown(inner),
                ": names that begin with .wh. mark deletions in layers, so a file cannot have one"),
            "rename or remove it");
      }
      if (inner.size() >= kLongestPath)
        throw Error(cat(shown(path), ": a path below it is longer than ", kLongestPath, " bytes"));
      entry(directory, name, inner, depth);
    }
  }

  void entry(Fd& directory, const Name& name, const std::string& path, int depth) {
    if (name.type == DT_REG) return file(directory.get(), name.text, path);
    if (name.type == DT_DIR) return subdirectory(directory, name.text, path, depth);
    struct stat info;
    if (fstatat(directory.get(), name.text.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0)
      throw SysError(shown(path));
    switch (info.st_mode & S_IFMT) {
      case S_IFREG:
        return file(directory.get(), name.text, path);
      case S_IFDIR:
        return subdirectory(directory, name.text, path, depth);
      case S_IFSOCK:
        if (normalise_ && unlinkat(directory.get(), name.text.c_str(), 0) < 0)
          throw SysError(shown(path));
        return;
      case S_IFCHR:
        if (info.st_rdev == makedev(0, 0)) return tar_.whiteout(path);
        [[fallthrough]];
      default:
        return special(directory.get(), name.text, path, info);
    }
  }

  // The path of the same file when it is in the tar already.
  bool is_link(const struct stat& info, const std::string& path) {
    if (info.st_nlink < 2) return false;
    const auto [first, inserted] = links_.try_emplace({info.st_dev, info.st_ino}, path);
    if (inserted) return false;
    TarEntry entry = described(EntryType::hard_link, path, info, {});
    entry.link = first->second;
    tar_.entry(entry);
    return true;
  }

  void file(int directory, const std::string& name, const std::string& path) {
    const Fd fd(
        openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) throw SysError(shown(path));
    const struct stat info = stat_fd(fd.get(), shown(path));
    if (!S_ISREG(info.st_mode)) throw Error(cat(shown(path), ": changed while it was read"));
    const Attributes attributes = read_attributes(fd.get(), nullptr, normalise_, shown(path));
    clamp_open(fd.get(), info, shown(path));
    if (is_link(info, path)) return;
    TarEntry entry = described(EntryType::file, path, info, attributes);
    entry.size = static_cast<uint64_t>(info.st_size);
    tar_.entry(entry);
    copy_content(fd.get(), entry.size, path);
    tar_.pad(entry.size);
  }

  void copy_content(int fd, uint64_t size, const std::string& path) {
    for (uint64_t left = size; left > 0;) {
      const HashStream::Space room = out_.space(std::min<uint64_t>(left, kReadAtOnce));
      const size_t want = std::min<uint64_t>(left, room.size);
      const size_t got = read_full(fd, room.data, want, shown(path));
      if (got < want) throw Error(cat(shown(path), ": became shorter while it was read"));
      out_.commit(got);
      left -= got;
    }
  }

  void subdirectory(Fd& parent, const std::string& name, const std::string& path, int depth) {
    Fd directory(
        openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) throw SysError(shown(path));
    const struct stat info = stat_fd(directory.get(), shown(path));
    const Attributes attributes =
        read_attributes(directory.get(), nullptr, normalise_, shown(path));
    tar_.entry(described(EntryType::directory, path, info, attributes));
    if (attributes.opaque) tar_.opaque(path);
    const bool deep = depth >= kOpenLevels;
    struct stat left {};
    if (deep) {
      left = stat_fd(parent.get(), shown(path));
      parent.reset();
    }
    content(directory, path, depth + 1);
    if (deep) parent = reopen_parent(directory.get(), left, path);
    clamp_open(directory.get(), info, shown(path));
  }

  Fd reopen_parent(int directory, const struct stat& left, const std::string& path) const {
    Fd parent(openat(directory, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!parent) throw SysError(shown(path));
    const struct stat found = stat_fd(parent.get(), shown(path));
    if (found.st_dev != left.st_dev || found.st_ino != left.st_ino)
      throw Error(cat(shown(path), ": was moved while it was read"));
    return parent;
  }

  // Symbolic links, devices and FIFOs: nothing to open.
  void special(int directory, const std::string& name, const std::string& path,
               const struct stat& info) {
    const EntryType type = S_ISLNK(info.st_mode)   ? EntryType::symlink
                           : S_ISCHR(info.st_mode) ? EntryType::character
                           : S_ISBLK(info.st_mode) ? EntryType::block
                                                   : EntryType::fifo;
    const Attributes attributes = read_attributes(directory, name.c_str(), normalise_, shown(path));
    clamp_entry(directory, name, info, path);
    if (is_link(info, path)) return;
    TarEntry entry = described(type, path, info, attributes);
    if (type == EntryType::symlink) {
      char target[kLongestPath];
      const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof target);
      if (size < 0) throw SysError(shown(path));
      entry.link.assign(target, static_cast<size_t>(size));
    } else if (type != EntryType::fifo) {
      entry.major = major(info.st_rdev);
      entry.minor = minor(info.st_rdev);
    }
    tar_.entry(entry);
  }

  HashStream& out_;
  TarWriter tar_;
  const int64_t epoch_;
  const bool normalise_;
  const std::string& shown_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

uint64_t write_tree_tar(Fd tree, HashStream& out, int64_t epoch, bool normalise,
                        const std::string& shown) {
  return TreeTar(out, epoch, normalise, shown).run(std::move(tree));
}

}  // namespace mini::files
