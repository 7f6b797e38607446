#include "runtime/files/tree_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/file_copy.h"

namespace mini::files {

TreeCopy::TreeCopy(const Root& root, Fd into, const CopyOptions& options, std::string shown)
    : root_(root), into_(into.duplicate(), shown), options_(options), shown_(std::move(shown)) {
  levels_.push_back({"", std::move(into), {}, false});
}

std::string TreeCopy::shown(const std::string& path) const {
  return cat(shown_, ": ", quoted(path));
}

void TreeCopy::leave() {
  const Level level = std::move(levels_.back());
  levels_.pop_back();
  if (!level.made) return;
  const timespec times[] = {level.node.atime, level.node.mtime};
  if (futimens(level.fd.get(), times) < 0)
    throw SysError(cat(shown(level.path), ": set the times"));
}

int TreeCopy::enter(const std::string& parent) {
  while (levels_.size() > 1 && levels_.back().path != parent) leave();
  return levels_.back().fd.get();
}

void TreeCopy::add(const std::string& path, OpenEntry entry) {
  if (path.empty()) return;
  if (!options_.keep_owner) {
    // With another owner, set-id bits would say another thing.
    entry.mode &= ~static_cast<mode_t>(entry.is_directory() ? 0 : 06000);
    entry.uid = geteuid();
    entry.gid = getegid();
  }
  const size_t slash = path.rfind('/');
  const int parent = enter(slash == std::string::npos ? "" : path.substr(0, slash));
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (entry.is_directory()) {
    directory(path, name, parent, entry);
  } else {
    file(path, name, parent, entry);
  }
}

// True when the entry is only a parent of others and has its place already.
bool TreeCopy::merge_implied(const std::string& path, const std::string& name, int parent,
                             const OpenEntry& entry) {
  if (!options_.implied_directories || !is_implied(entry.directory)) return false;
  const std::optional<Node> there = node_at(parent, name);
  if (!there) return false;
  if (there->is_link()) {
    Fd fd = root_.make_directories(cat(root_.path_of(parent), '/', name));
    if (on_kernel_file_system(fd.get(), shown(path)))
      throw Error(cat(shown(path), ": leads to a kernel file system"));
    levels_.push_back({path, std::move(fd), entry, false});
    return true;
  }
  Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return false;
  levels_.push_back({path, std::move(fd), entry, false});
  return true;
}

void TreeCopy::directory(const std::string& path, const std::string& name, int parent,
                         const OpenEntry& entry) {
  if (merge_implied(path, name, parent, entry)) return;
  if (mkdirat(parent, name.c_str(), 0700) < 0 && errno != EEXIST) throw SysError(shown(path));
  Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && (errno == ENOTDIR || errno == ELOOP))
    throw Error(cat(shown(path), ": is no directory, and one is copied there"));
  if (!fd) throw SysError(shown(path));
  const auto attributes = options_.keep_owner ? CopyAttributes::yes : CopyAttributes::no;
  copy_metadata(entry.directory, fd.get(), entry, shown(path), attributes);
  levels_.push_back({path, std::move(fd), entry, true});
}

void TreeCopy::link(const std::string& path, const std::string& name, int parent,
                    const std::string& existing) {
  const Fd first = into_.open(existing, O_PATH | O_NOFOLLOW);
  if (linkat(AT_FDCWD, cat("/proc/self/fd/", first.get()).c_str(), parent, name.c_str(),
             AT_SYMLINK_FOLLOW) < 0)
    throw SysError(cat(shown(path), ": hard link"));
}

void TreeCopy::file(const std::string& path, const std::string& name, int parent,
                    const OpenEntry& entry) {
  if (options_.to_host && (S_ISCHR(entry.mode) || S_ISBLK(entry.mode)))
    throw Error(cat(shown(path), ": is a device, and mini makes none on the host"),
                "`mini cp CONTAINER:PATH -` or `mini export` writes a tar that has it");
  const std::optional<Node> there = node_at(parent, name);
  if (there && there->is_directory())
    throw Error(cat(shown(path), ": is a directory, and a file is copied there"));
  if (there && unlinkat(parent, name.c_str(), 0) < 0) {
    // Something is mounted on it, such as a container's /etc/hosts: its content can be replaced.
    if (errno != EBUSY || !there->is_regular() || !entry.is_regular()) throw SysError(shown(path));
    const Fd from = open_regular(entry.directory, entry.name, shown(path));
    const Fd to = open_at(parent, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK);
    return copy_content(from.get(), to.get(), shown(path));
  }
  if (S_ISSOCK(entry.mode)) return;  // means nothing without its process
  if (const auto existing = links_.earlier(entry, path)) return link(path, name, parent, *existing);
  copy_file(entry, parent, name, shown(path),
            options_.keep_owner ? CopyAttributes::yes : CopyAttributes::no);
}

void TreeCopy::finish() {
  while (!levels_.empty()) leave();
}

bool copy_directory(const View& view, const std::string& path, const Root& to,
                    const CopyOptions& options) {
  TreeCopy copy(to, to.open("/", O_RDONLY | O_DIRECTORY), options, to.name());
  const auto add = [&](const OpenEntry& entry) {
    copy.add(entry.path, entry);
    return Visit::take;
  };
  const auto leave = [&](const OpenEntry& entry) {
    if (!entry.path.empty() || !options.keep_owner) return;
    copy.finish();
    copy_metadata(entry.directory, to.open("/", O_RDONLY | O_DIRECTORY).get(), entry, to.name());
  };
  const bool found = view.visit(path, add, leave);
  copy.finish();
  return found;
}

}  // namespace mini::files
