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
  const timespec times[] = {level.info.st_atim, level.info.st_mtim};
  if (futimens(level.fd.get(), times) < 0)
    throw SysError(cat(shown(level.path), ": set the times"));
}

int TreeCopy::enter(const std::string& parent) {
  while (levels_.size() > 1 && levels_.back().path != parent) leave();
  return levels_.back().fd.get();
}

void TreeCopy::add(const std::string& path, MergedTree::Entry entry) {
  if (path.empty()) return;
  if (!options_.keep_owner) {
    // With another owner, set-id bits would say another thing.
    entry.info.st_mode &= ~static_cast<mode_t>(S_ISDIR(entry.info.st_mode) ? 0 : 06000);
    entry.info.st_uid = geteuid();
    entry.info.st_gid = getegid();
  }
  const size_t slash = path.rfind('/');
  const int parent = enter(slash == std::string::npos ? "" : path.substr(0, slash));
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (S_ISDIR(entry.info.st_mode)) {
    directory(path, name, parent, entry);
  } else {
    file(path, name, parent, entry);
  }
}

// True when the entry is only a parent of others and has its place already.
bool TreeCopy::merge_implied(const std::string& path, const std::string& name, int parent,
                             const MergedTree::Entry& entry) {
  if (!options_.implied_directories || !is_implied(entry.directory)) return false;
  struct stat there;
  if (fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) < 0) return false;
  if (S_ISLNK(there.st_mode)) {
    Fd fd = root_.make_directories(cat(root_.path_of(parent), '/', name));
    if (on_kernel_file_system(fd.get(), shown(path)))
      throw Error(cat(shown(path), ": leads to a kernel file system"));
    levels_.push_back({path, std::move(fd), entry.info, false});
    return true;
  }
  Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return false;
  levels_.push_back({path, std::move(fd), entry.info, false});
  return true;
}

void TreeCopy::directory(const std::string& path, const std::string& name, int parent,
                         const MergedTree::Entry& entry) {
  if (merge_implied(path, name, parent, entry)) return;
  if (mkdirat(parent, name.c_str(), 0700) < 0 && errno != EEXIST) throw SysError(shown(path));
  Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && (errno == ENOTDIR || errno == ELOOP))
    throw Error(cat(shown(path), ": is no directory, and one is copied there"));
  if (!fd) throw SysError(shown(path));
  const auto attributes = options_.keep_owner ? CopyAttributes::yes : CopyAttributes::no;
  copy_metadata(entry.directory, fd.get(), entry.info, shown(path), attributes);
  levels_.push_back({path, std::move(fd), entry.info, true});
}

bool TreeCopy::link(const std::string& path, const std::string& name, int parent,
                    const std::pair<dev_t, ino_t>& key) {
  const auto known = links_.find(key);
  if (known == links_.end()) return false;
  const Fd first = into_.open(known->second, O_PATH | O_NOFOLLOW);
  if (linkat(AT_FDCWD, cat("/proc/self/fd/", first.get()).c_str(), parent, name.c_str(),
             AT_SYMLINK_FOLLOW) < 0)
    throw SysError(cat(shown(path), ": hard link"));
  return true;
}

void TreeCopy::file(const std::string& path, const std::string& name, int parent,
                    const MergedTree::Entry& entry) {
  if (options_.to_host && (S_ISCHR(entry.info.st_mode) || S_ISBLK(entry.info.st_mode)))
    throw Error(cat(shown(path), ": is a device, and mini makes none on the host"),
                "`mini cp CONTAINER:PATH -` or `mini export` writes a tar that has it");
  struct stat there;
  const bool exists = fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && S_ISDIR(there.st_mode))
    throw Error(cat(shown(path), ": is a directory, and a file is copied there"));
  if (exists && unlinkat(parent, name.c_str(), 0) < 0) {
    // Something is mounted on it, such as a container's /etc/hosts: its content can be replaced.
    if (errno != EBUSY || !S_ISREG(there.st_mode) || !S_ISREG(entry.info.st_mode))
      throw SysError(shown(path));
    const Fd from = open_regular(entry.directory, entry.name, shown(path));
    const Fd to = open_at(parent, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK);
    return copy_content(from.get(), to.get(), shown(path));
  }
  const std::pair<dev_t, ino_t> key{entry.info.st_dev, entry.info.st_ino};
  if (entry.info.st_nlink > 1 && link(path, name, parent, key)) return;
  copy_file(entry, parent, name, shown(path),
            options_.keep_owner ? CopyAttributes::yes : CopyAttributes::no);
  if (entry.info.st_nlink > 1) links_.try_emplace(key, path);
}

void TreeCopy::finish() {
  while (!levels_.empty()) leave();
}

}  // namespace mini::files
