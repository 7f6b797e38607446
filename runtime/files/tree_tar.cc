#include "runtime/files/tree_tar.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/directory.h"
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

}  // namespace

std::string TreeTar::shown(const std::string& path) const {
  return options_.shown.empty() ? quoted(path) : cat(options_.shown, ": ", quoted(path));
}

void TreeTar::check_name(const std::string& path, const std::string& name) const {
  if (name.starts_with(kWhiteoutPrefix)) {
    throw Error(
        cat(shown(path),
            ": names that begin with .wh. mark deletions in layers, so a file cannot have one"),
        "rename or remove it");
  }
  if (path.size() >= kLongestPath)
    throw Error(cat(shown(path.substr(0, path.rfind('/'))), ": a path below it is longer than ",
                    kLongestPath, " bytes"));
}

TarEntry TreeTar::described(const std::string& path, const Node& node,
                            Attributes&& attributes) const {
  TarEntry entry(type_of(node.mode), path, meta_of(node));
  entry.mtime = clamp_time(node.mtime.tv_sec, options_.epoch);
  entry.xattrs = std::move(attributes.kept);
  return entry;
}

bool TreeTar::must_clamp(const Node& node) const {
  return options_.normalise && (node.mtime.tv_nsec != 0 ||
                                node.mtime.tv_sec != clamp_time(node.mtime.tv_sec, options_.epoch));
}

// With `name`, of the entry in the directory `fd`.
void TreeTar::clamp(int fd, const char* name, const Node& node, const std::string& path) const {
  if (!must_clamp(node)) return;
  const timespec times[2] = {{0, UTIME_OMIT}, {clamp_time(node.mtime.tv_sec, options_.epoch), 0}};
  const int result = name ? utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) : futimens(fd, times);
  if (result < 0) throw SysError(cat(shown(path), ": set the time"));
}

void TreeTar::add(const std::string& path, const OpenEntry& entry) {
  if (options_.layer) check_name(path, entry.name);
  switch (entry.mode & S_IFMT) {
    case S_IFDIR:
      return directory(path, entry);
    case S_IFREG:
      return file(path, entry);
    case S_IFSOCK:
      if (options_.normalise && unlinkat(entry.directory, entry.name.c_str(), 0) < 0)
        throw SysError(shown(path));
      return;
    default:
      if (options_.layer && entry.is_whiteout()) return tar_.whiteout(path);
      return special(path, entry);
  }
}

void TreeTar::directory(const std::string& path, const OpenEntry& entry) {
  Attributes attributes =
      read_attributes(entry.directory, nullptr, options_.normalise, shown(path));
  const bool opaque = options_.layer && attributes.opaque;
  const bool plain = (entry.mode & 07777) == 0755 && entry.uid == 0 && entry.gid == 0 &&
                     attributes.kept.empty() && !opaque;
  if (options_.layer && path.empty() && plain) return;
  tar_.entry(described(path, entry, std::move(attributes)));
  if (opaque) tar_.opaque(path);
}

void TreeTar::leave(const OpenEntry& directory) const {
  clamp(directory.directory, nullptr, directory, directory.path);
}

bool TreeTar::is_link(const Node& node, TarEntry& entry) {
  std::optional<std::string> first = links_.earlier(node, entry.path);
  if (!first) return false;
  entry.type = EntryType::hard_link;
  entry.link = *std::move(first);
  entry.xattrs.clear();
  tar_.entry(entry);
  return true;
}

void TreeTar::file(const std::string& path, const OpenEntry& entry) {
  const std::string name = shown(path);
  // Nothing writes to a layer's tree, so that a name cannot become a device meanwhile.
  const Fd fd = options_.layer ? open_at(entry.directory, entry.name,
                                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
                               : open_regular(entry.directory, entry.name, name);
  const Node node = node_of(fd.get(), name);
  if (!node.is_regular()) throw Error(cat(name, ": changed while it was read"));
  Attributes attributes = read_attributes(fd.get(), nullptr, options_.normalise, name);
  clamp(fd.get(), nullptr, node, path);
  TarEntry header = described(path, node, std::move(attributes));
  if (is_link(node, header)) return;
  header.size = node.size;
  tar_.entry(header);
  content(fd.get(), header.size, name);
  tar_.pad(header.size);
}

void TreeTar::content(int fd, uint64_t size, const std::string& name) {
  for (uint64_t left = size; left > 0;) {
    const HashStream::Space room = out_.space(std::min(left, kReadAtOnce));
    const size_t want = std::min<uint64_t>(left, room.size);
    const size_t got = read_full(fd, room.data, want, name);
    if (got < want) throw Error(cat(name, ": became shorter while it was read"));
    out_.commit(got);
    left -= got;
  }
}

// Symbolic links, devices and FIFOs: nothing to open.
void TreeTar::special(const std::string& path, const OpenEntry& entry) {
  const char* const name = entry.name.c_str();
  Attributes attributes = read_attributes(entry.directory, name, options_.normalise, shown(path));
  clamp(entry.directory, name, entry, path);
  TarEntry header = described(path, entry, std::move(attributes));
  if (is_link(entry, header)) return;
  if (entry.is_link()) {
    header.link = read_link(entry.directory, entry.name, shown(path));
  } else if (!S_ISFIFO(entry.mode)) {
    header.major = major(entry.rdev);
    header.minor = minor(entry.rdev);
  }
  tar_.entry(header);
}

uint64_t TreeTar::finish() {
  tar_.end();
  return tar_.entries();
}

uint64_t write_tree_tar(Fd tree, HashStream& out, int64_t epoch, bool normalise,
                        const std::string& shown) {
  TreeTar tar(out, {true, normalise, epoch, shown});
  const auto add = [&](const OpenEntry& entry) {
    tar.add(entry.path, entry);
    return Visit::take;
  };
  View::of_directory(std::move(tree), shown).visit("", add, [&](const OpenEntry& directory) {
    tar.leave(directory);
  });
  return tar.finish();
}

void write_view_tar(const View& view, const std::string& path, int out_fd) {
  HashStream out(out_fd);
  TreeTar tar(out);
  view.visit(path, [&](const OpenEntry& entry) {
    tar.add(entry.path, entry);
    return Visit::take;
  });
  tar.finish();
  out.finish();
}

}  // namespace mini::files
