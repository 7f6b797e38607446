#include "runtime/files/tree_maker.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/metadata.h"

namespace mini::files {
namespace {

constexpr size_t kOpenDirectories = 64;
constexpr int kMostLinks = 40;  // as the kernel

// The components of a path, the first one last.
std::vector<std::string> reversed(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string& part : split(path, '/')) {
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

void set_time(int directory, const char* name, int64_t mtime, const std::string& shown) {
  const timespec times[2] = {{mtime, 0}, {mtime, 0}};
  const int result =
      name ? utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) : futimens(directory, times);
  if (result < 0) throw SysError(cat(shown, ": set the time"));
}

// Of an open file or directory that has its content. The parent's set-gid bit and the umask have
// their say in what was made, so it is looked at.
void set_owner_and_mode(int fd, const EntryMeta& meta, const std::string& shown) {
  const struct stat made = stat_fd(fd, shown);
  const bool other_owner = made.st_uid != meta.uid || made.st_gid != meta.gid;
  if (other_owner && fchown(fd, meta.uid, meta.gid) < 0)
    throw SysError(cat(shown, ": set the owner"));
  const uint32_t mode = meta.mode & 07777;
  const bool other_mode = (made.st_mode & 07777) != mode || (other_owner && (mode & 06000) != 0);
  if (other_mode && fchmod(fd, mode) < 0) throw SysError(cat(shown, ": set the mode"));
}

void set_attributes(int fd, const char* name, const EntryMeta& meta, const std::string& shown) {
  for (const auto& [key, value] : meta.xattrs) set_attribute(fd, name, key, value, shown);
}

}  // namespace

TreeMaker::TreeMaker(Fd root, std::string shown)
    : TreeMaker(std::move(root), std::move(shown), {}) {}

TreeMaker::TreeMaker(Fd root, std::string shown, Replace replace)
    : replace_(std::move(replace)), shown_(std::move(shown)) {
  root_ = root.duplicate();
  push({}, std::move(root));
  levels_.back().mtime = 0;
}

std::string TreeMaker::shown(std::string_view path) const {
  return cat(shown_, ": ", quoted(path));
}

void TreeMaker::push(std::string name, Fd fd) {
  const struct stat info = stat_fd(fd.get(), shown(current_));
  levels_.push_back(
      {std::move(name), std::move(fd), info.st_dev, info.st_ino, info.st_mtim.tv_sec});
  if (levels_.size() > kOpenDirectories) levels_[levels_.size() - 1 - kOpenDirectories].fd.reset();
}

void TreeMaker::leave() {
  Level left = std::move(levels_.back());
  levels_.pop_back();
  set_time(left.fd.get(), nullptr, left.mtime, shown(current_));
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (!level.fd) {
    level.fd.reset(openat(left.fd.get(), "..", kDirectoryFlags));
    if (!level.fd) throw SysError(shown(current_));
    const struct stat info = stat_fd(level.fd.get(), shown(current_));
    if (info.st_dev != level.device || info.st_ino != level.inode)
      throw Error(cat(shown(current_), ": was moved meanwhile"));
  }
  current_.resize(current_.size() > left.name.size() ? current_.size() - left.name.size() - 1 : 0);
}

int TreeMaker::enter(std::string_view path) {
  const auto inside = [&] {
    return current_.empty() || path == current_ ||
           (path.starts_with(current_) && path[current_.size()] == '/');
  };
  while (!inside()) leave();
  std::vector<std::string> pending = reversed(path.substr(current_.size()));
  for (int links = 0; !pending.empty();) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (levels_.size() > 1) leave();
      continue;
    }
    const std::string target = link_target(levels_.back().fd.get(), name);
    if (target.empty()) {
      descend(name);
      continue;
    }
    if (++links > kMostLinks) throw SysError(ELOOP, shown(path));
    while (target.front() == '/' && levels_.size() > 1) leave();
    for (std::string& part : reversed(target)) pending.push_back(std::move(part));
  }
  return levels_.back().fd.get();
}

std::string TreeMaker::child(const std::string& name) const {
  return current_.empty() ? name : cat(current_, '/', name);
}

// Where an archive's link leads to; empty for anything else, and in a strict tree.
std::string TreeMaker::link_target(int parent, const std::string& name) const {
  if (is_strict()) return {};
  char target[PATH_MAX];
  const ssize_t size = readlinkat(parent, name.c_str(), target, sizeof target);
  return size < 0 ? std::string() : std::string(target, static_cast<size_t>(size));
}

void TreeMaker::descend(const std::string& name) {
  const std::string path = child(name);
  Fd fd = open_component(levels_.back().fd.get(), name, path);
  current_ = path;
  push(name, std::move(fd));
}

Fd TreeMaker::open_component(int parent, const std::string& name, const std::string& path) {
  Fd fd(openat(parent, name.c_str(), kDirectoryFlags));
  if (fd) return fd;
  const int error = errno;
  const std::optional<Node> found = node_at(parent, name);
  if (found && found->is_link())
    throw Error(cat(shown(path), ": is a link, and an entry goes through it"));
  if (found && !found->is_whiteout() && !found->is_directory())
    throw Error(cat(shown(path), ": is not a directory, and an entry is below it"));
  if ((error != ENOENT && !found) || is_strict() || (found && found->is_directory()))
    throw SysError(error, shown(path));
  return make_parent(parent, name, path, found.has_value());
}

Fd TreeMaker::make_parent(int parent, const std::string& name, const std::string& path,
                          bool whiteout) {
  EntryMeta meta;
  meta.mode = 0755;
  meta.uid = geteuid();  // not the group of a set-gid directory
  meta.gid = getegid();
  if (whiteout && unlinkat(parent, name.c_str(), 0) < 0) throw SysError(shown(path));
  if (mkdirat(parent, name.c_str(), 0755) < 0) throw SysError(shown(path));
  Fd fd(openat(parent, name.c_str(), kDirectoryFlags));
  if (!fd) throw SysError(shown(path));
  set_owner_and_mode(fd.get(), meta, shown(path));
  if (whiteout) set_opaque(fd.get(), shown(path));
  if (marks_implied_) set_implied(fd.get(), true, shown(path));
  set_time(fd.get(), nullptr, 0, shown(path));
  return fd;
}

TreeMaker::Place TreeMaker::place(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {enter({}), path};
  return {enter(std::string_view(path).substr(0, slash)), path.substr(slash + 1)};
}

template <class Make>
bool TreeMaker::make_name(const Place& place, const std::string& path, Make&& make) {
  if (make() >= 0) return false;
  if (errno != EEXIST) throw SysError(shown(path));
  const std::optional<Node> there = node_at(place.directory, place.name);
  if (!there) throw SysError(shown(path));
  const bool whiteout = there->is_whiteout();
  if (!whiteout && is_strict()) throw Error(cat(shown(path), ": is there twice"));
  if (!whiteout) {
    replace_(place.directory, place.name, child(place.name));
  } else if (unlinkat(place.directory, place.name.c_str(), 0) < 0) {
    throw SysError(shown(path));
  }
  if (make() < 0) throw SysError(shown(path));
  return whiteout;
}

void TreeMaker::directory(const std::string& path, const EntryMeta& meta) {
  if (!path.empty()) {
    const Place at = place(path);
    const std::optional<Node> there = is_strict() ? std::nullopt : node_at(at.directory, at.name);
    const bool again = there && there->is_directory();
    const bool whiteout =
        !again && make_name(at, path, [&] { return mkdirat(at.directory, at.name.c_str(), 0700); });
    descend(at.name);
    if (whiteout) set_opaque(levels_.back().fd.get(), shown(path));
    if (again && marks_implied_) set_implied(levels_.back().fd.get(), false, shown(path));
  } else {
    enter({});
  }
  const int fd = levels_.back().fd.get();
  set_owner_and_mode(fd, meta, shown(path));
  set_attributes(fd, nullptr, meta, shown(path));
  levels_.back().mtime = meta.mtime;
}

TreeMaker::File TreeMaker::file(const std::string& path, uint32_t mode) {
  const Place at = place(path);
  Fd fd;
  make_name(at, path, [&] {
    // Set-id bits come last, when the file is whole and its owner's.
    fd.reset(openat(at.directory, at.name.c_str(),
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777));
    return fd.get();
  });
  return {std::move(fd), child(at.name)};
}

void TreeMaker::finish_file(const Fd& fd, const std::string& path, const EntryMeta& meta) {
  set_owner_and_mode(fd.get(), meta, shown(path));
  set_attributes(fd.get(), nullptr, meta, shown(path));
  set_time(fd.get(), nullptr, meta.mtime, shown(path));
}

void TreeMaker::symlink(const std::string& path, const EntryMeta& meta, const std::string& target) {
  const Place at = place(path);
  make_name(at, path, [&] { return symlinkat(target.c_str(), at.directory, at.name.c_str()); });
  const std::optional<Node> made = node_at(at.directory, at.name);
  if (!made) throw SysError(shown(path));
  if ((made->uid != meta.uid || made->gid != meta.gid) &&
      fchownat(at.directory, at.name.c_str(), meta.uid, meta.gid, AT_SYMLINK_NOFOLLOW) < 0) {
    throw SysError(cat(shown(path), ": set the owner"));
  }
  set_attributes(at.directory, at.name.c_str(), meta, shown(path));
  set_time(at.directory, at.name.c_str(), meta.mtime, shown(path));
}

TreeMaker::Linked TreeMaker::hard_link(const std::string& path, const std::string& existing) {
  const Place at = place(path);
  // The file may be anywhere below the root.
  const Root root(root_.duplicate(), shown_);
  const auto [directory, name] = with_context(cat(shown(path), ": hard link to ", quoted(existing)),
                                              [&] { return root.parent_of(existing); });
  const std::optional<Node> first = node_at(directory.get(), name);
  if (!first || first->is_whiteout()) {
    throw Error(cat(shown(path), ": hard link to ", quoted(existing),
                    ", which is not in this layer before it"));
  }
  const std::optional<Node> there = node_at(at.directory, at.name);
  if (!there || !there->same_inode(*first) || is_strict()) {
    make_name(at, path, [&] {
      return linkat(directory.get(), name.c_str(), at.directory, at.name.c_str(), 0);
    });
  }
  return {meta_of(*first), first->inode};
}

void TreeMaker::node(const std::string& path, const EntryMeta& meta, uint32_t type, unsigned major,
                     unsigned minor) {
  const Place at = place(path);
  const dev_t device = type == S_IFIFO ? 0 : makedev(major, minor);
  make_name(at, path, [&] {
    return mknodat(at.directory, at.name.c_str(), type | (meta.mode & 0777), device);
  });
  // The name is ours: in a private tree nobody can have put a link in its place.
  if (fchownat(at.directory, at.name.c_str(), meta.uid, meta.gid, AT_SYMLINK_NOFOLLOW) < 0)
    throw SysError(cat(shown(path), ": set the owner"));
  if (fchmodat(at.directory, at.name.c_str(), meta.mode & 07777, 0) < 0)
    throw SysError(cat(shown(path), ": set the mode"));
  set_attributes(at.directory, at.name.c_str(), meta, shown(path));
  set_time(at.directory, at.name.c_str(), meta.mtime, shown(path));
}

void TreeMaker::whiteout(const std::string& path) {
  const Place at = place(path);
  if (mknodat(at.directory, at.name.c_str(), S_IFCHR, makedev(0, 0)) == 0)
    return set_time(at.directory, at.name.c_str(), 0, shown(path));
  if (errno != EEXIST) throw SysError(shown(path));
  const std::optional<Node> there = node_at(at.directory, at.name);
  if (!there) throw SysError(shown(path));
  if (!there->is_directory()) return;
  descend(at.name);
  set_opaque(levels_.back().fd.get(), shown(path));
}

void TreeMaker::opaque(const std::string& path) {
  set_opaque(enter(path), shown(path));
}

void TreeMaker::finish() {
  enter({});
  leave();
}

}  // namespace mini::files
