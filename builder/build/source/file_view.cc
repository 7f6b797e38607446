#include "builder/build/source/file_view.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"

namespace mini::build {
namespace {

constexpr int kLinkLimit = 40;

int64_t ns(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Overlay says with this attribute that nothing of the same directory in the layers below shows.
bool is_opaque(int directory) {
  for (const char* name : {"trusted.overlay.opaque", "user.overlay.opaque"}) {
    char value = 0;
    if (fgetxattr(directory, name, &value, 1) == 1 && value == 'y') return true;
  }
  return false;
}

bool is_kept_attribute(const std::string& name) {
  if (name.starts_with("user.")) return !name.starts_with("user.overlay.");
  return name == "security.capability" || name.starts_with("system.posix_acl_");
}

}  // namespace

FileNode node_of(const struct stat& info, uint32_t layer) {
  FileNode node;
  node.mode = info.st_mode;
  node.uid = info.st_uid;
  node.gid = info.st_gid;
  node.nlink = static_cast<uint32_t>(info.st_nlink);
  node.size = static_cast<uint64_t>(info.st_size);
  node.device = info.st_dev;
  node.inode = info.st_ino;
  node.rdev = info.st_rdev;
  node.mtime_ns = ns(info.st_mtim);
  node.ctime_ns = ns(info.st_ctim);
  node.layer = layer;
  return node;
}

bool FileNode::same_file(const FileNode& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         mtime_ns == other.mtime_ns && ctime_ns == other.ctime_ns &&
         (mode & S_IFMT) == (other.mode & S_IFMT);
}

FileView FileView::of_directory(Fd directory, const std::string& name) {
  FileView view;
  view.name_ = name;
  view.roots_.push_back(std::move(directory));
  return view;
}

FileView FileView::of_layers(const std::vector<std::string>& directories) {
  FileView view;
  view.name_ = "the image's files";
  view.overlay_ = true;
  for (auto it = directories.rbegin(); it != directories.rend(); ++it) {
    view.roots_.push_back(open_file(*it, O_RDONLY | O_DIRECTORY));
  }
  return view;
}

FileView::Directory FileView::top() const {
  Directory result;
  for (uint32_t layer = 0; layer < roots_.size(); ++layer) {
    result.push_back({layer, open_at(roots_[layer].get(), ".", kDirectoryFlags)});
    if (overlay_ && is_opaque(result.back().fd.get())) break;
  }
  return result;
}

std::optional<FileView::Child> FileView::child(const Directory& directory, const std::string& name,
                                               const std::string& path) const {
  std::optional<Child> found;
  for (const Part& part : directory) {
    struct stat info;
    if (fstatat(part.fd.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) continue;
      throw SysError(cat(name_, ": ", quoted(path)));
    }
    if (overlay_ && files::is_whiteout(info)) break;
    if (!S_ISDIR(info.st_mode)) {
      if (!found) found = Child{node_of(info, part.layer), {}};
      break;
    }
    Fd below(openat(part.fd.get(), name.c_str(), kDirectoryFlags));
    if (!below) throw SysError(cat(name_, ": ", quoted(path)));
    if (!found) found = Child{node_of(info, part.layer), {}};
    found->below.push_back({part.layer, std::move(below)});
    if (!overlay_ || is_opaque(found->below.back().fd.get())) break;
  }
  return found;
}

FileView::Resolved FileView::resolve(const std::string& path, bool follow_last) const {
  struct Level {
    std::string name;
    Directory directory;
    FileNode node;
    bool exists = true;
  };
  if (path.find('\0') != std::string::npos) throw SysError(EINVAL, quoted(path));
  std::vector<Level> levels(1);
  levels[0].directory = top();
  if (!levels[0].directory.empty()) {
    struct stat info;
    if (fstat(levels[0].directory[0].fd.get(), &info) < 0) throw SysError(name_);
    levels[0].node = node_of(info);
  } else {
    levels[0].node.mode = S_IFDIR | 0755;  // scratch
  }
  const auto path_of = [&] {
    std::string out;
    for (size_t i = 1; i < levels.size(); ++i) out = join_path(out, levels[i].name);
    return out;
  };
  std::deque<std::string> rest;
  for (std::string& part : split(path, '/')) rest.push_back(std::move(part));
  int links = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.front());
    rest.pop_front();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (levels.size() > 1) levels.pop_back();
      continue;
    }
    const Level& parent = levels.back();
    std::optional<Child> next;
    if (parent.exists && parent.node.is_directory()) {
      next = child(parent.directory, name, join_path(path_of(), name));
    }
    const bool last =
        std::all_of(rest.begin(), rest.end(), [](const std::string& part) { return part.empty(); });
    if (next && next->node.is_link() && (follow_last || !last)) {
      const std::string shown = cat(name_, ": ", quoted(path));
      if (++links > kLinkLimit) throw SysError(ELOOP, shown);
      for (const Part& part : parent.directory) {
        if (part.layer != next->node.layer) continue;
        const std::string target = target_of(part.fd.get(), name, shown);
        std::vector<std::string> parts = split(target, '/');
        rest.insert(rest.begin(), parts.begin(), parts.end());
        if (target.starts_with('/')) levels.resize(1);
        break;
      }
      continue;
    }
    Level level{name, {}, {}, next.has_value()};
    if (next) {
      level.node = next->node;
      level.directory = std::move(next->below);
    }
    levels.push_back(std::move(level));
  }
  Resolved result{path_of(), {}};
  if (levels.back().exists) result.node = levels.back().node;
  return result;
}

std::optional<FileView::Directory> FileView::open_directory(const std::string& path) const {
  Directory current = top();
  if (path.empty()) return current;
  std::string walked;
  for (const std::string& name : split(path, '/')) {
    walked = join_path(walked, name);
    std::optional<Child> next = child(current, name, walked);
    if (!next || !next->node.is_directory()) return {};
    current = std::move(next->below);
  }
  return current;
}

std::vector<Fd> FileView::directories(const std::string& path) const {
  std::vector<Fd> result;
  if (std::optional<Directory> directory = open_directory(path)) {
    for (Part& part : *directory) result.push_back(std::move(part.fd));
  }
  return result;
}

std::pair<Fd, std::string> FileView::parent(const std::string& path, const FileNode& node) const {
  const std::string shown = cat(name_, ": ", quoted(path));
  Fd current = open_at(roots_.at(node.layer).get(), ".", kDirectoryFlags);
  const std::vector<std::string> parts = split(path, '/');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    Fd next(openat(current.get(), parts[i].c_str(), kDirectoryFlags));
    if (!next) throw SysError(shown);
    current = std::move(next);
  }
  return {std::move(current), parts.back().empty() ? "." : parts.back()};
}

std::string FileView::target_of(int directory, const std::string& name, const std::string& shown) {
  char buffer[PATH_MAX];
  const ssize_t size = readlinkat(directory, name.c_str(), buffer, sizeof buffer);
  if (size < 0) throw SysError(shown);
  return std::string(buffer, static_cast<size_t>(size));
}

std::string FileView::read_link(const std::string& path, const FileNode& node) const {
  const auto [directory, name] = parent(path, node);
  return target_of(directory.get(), name, cat(name_, ": ", quoted(path)));
}

Fd FileView::open(const std::string& path, const FileNode& node) const {
  const std::string shown = cat(name_, ": ", quoted(path));
  const auto [directory, name] = parent(path, node);
  // Without blocking: what was a file may be a FIFO by now.
  Fd fd(openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info;
  if (!fd || fstat(fd.get(), &info) < 0) throw SysError(shown);
  if (!node_of(info).same_file(node)) {
    throw Error(cat(shown, ": changed while the build read it"), "build again");
  }
  return fd;
}

std::map<std::string, std::string> FileView::attributes(const std::string& path,
                                                        const FileNode& node) const {
  if (!node.is_directory() && !node.is_regular()) return {};
  const std::string shown = cat(name_, ": ", quoted(path));
  const auto [directory, name] = parent(path, node);
  const Fd fd(
      openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) throw SysError(shown);
  std::map<std::string, std::string> result;
  const ssize_t size = flistxattr(fd.get(), nullptr, 0);
  if (size <= 0) return result;
  std::string list(static_cast<size_t>(size), '\0');
  const ssize_t got = flistxattr(fd.get(), list.data(), list.size());
  if (got < 0) throw SysError(shown);
  list.resize(static_cast<size_t>(got));
  for (const std::string& attribute : split(list, '\0')) {
    if (!is_kept_attribute(attribute)) continue;
    std::string value(XATTR_SIZE_MAX, '\0');
    const ssize_t length = fgetxattr(fd.get(), attribute.c_str(), value.data(), value.size());
    if (length < 0) throw SysError(shown);
    value.resize(static_cast<size_t>(length));
    result.emplace(attribute, std::move(value));
  }
  return result;
}

}  // namespace mini::build
