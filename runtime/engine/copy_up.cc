#include "runtime/engine/copy_up.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/engine/merged_tree.h"

namespace mini::engine {
namespace {

bool is_copied_attribute(std::string_view name) {
  if (name.starts_with("user.overlay.")) return false;
  return name.starts_with("user.") || name == "security.capability" ||
         name.starts_with("system.posix_acl_");
}

void copy_attributes(int from, int to, const std::string& name) {
  char names[XATTR_LIST_MAX];
  const ssize_t size = flistxattr(from, names, sizeof names);
  if (size < 0 && errno != EOPNOTSUPP) throw SysError(cat(name, ": list the attributes"));
  for (const char* at = names; size > 0 && at < names + size; at += strlen(at) + 1) {
    if (!is_copied_attribute(at)) continue;
    std::vector<char> value(XATTR_SIZE_MAX);
    const ssize_t length = fgetxattr(from, at, value.data(), value.size());
    if (length < 0) throw SysError(cat(name, ": read the attribute ", at));
    if (fsetxattr(to, at, value.data(), static_cast<size_t>(length), 0) < 0 &&
        errno != EOPNOTSUPP) {
      throw SysError(cat(name, ": set the attribute ", at));
    }
  }
}

// Owner first: changing it clears set-user-id.
void copy_metadata(int from, int to, const struct stat& info, const std::string& name) {
  if (fchown(to, info.st_uid, info.st_gid) < 0) throw SysError(cat(name, ": change the owner"));
  if (fchmod(to, info.st_mode & 07777) < 0) throw SysError(cat(name, ": change the mode"));
  copy_attributes(from, to, name);
  const timespec times[] = {info.st_atim, info.st_mtim};
  if (futimens(to, times) < 0) throw SysError(cat(name, ": set the times"));
}

void copy_file(const MergedTree::Entry& entry, int parent, const std::string& name,
               const std::string& shown) {
  const Fd from = open_at(entry.directory, entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const Fd to = open_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  for (;;) {
    constexpr size_t kPiece = 1 << 30;
    const ssize_t size = sendfile(to.get(), from.get(), nullptr, kPiece);
    if (size < 0) throw SysError(cat(shown, ": copy"));
    if (size == 0) break;
  }
  copy_metadata(from.get(), to.get(), entry.info, shown);
}

void copy_link(const MergedTree::Entry& entry, int parent, const std::string& name,
               const std::string& shown) {
  char target[PATH_MAX];
  const ssize_t size = readlinkat(entry.directory, entry.name.c_str(), target, sizeof target);
  if (size < 0) throw SysError(shown);
  if (symlinkat(std::string(target, static_cast<size_t>(size)).c_str(), parent, name.c_str()) < 0)
    throw SysError(shown);
  if (fchownat(parent, name.c_str(), entry.info.st_uid, entry.info.st_gid, AT_SYMLINK_NOFOLLOW) <
      0) {
    throw SysError(cat(shown, ": change the owner"));
  }
}

void copy_entry(const MergedTree::Entry& entry, const Root& to) {
  const std::string shown = cat("copy of ", quoted(entry.path));
  if (entry.path.empty()) {
    copy_metadata(entry.directory, to.open("/", O_RDONLY | O_DIRECTORY).get(), entry.info, shown);
    return;
  }
  const auto [parent, name] = to.parent_of(entry.path);
  if (S_ISDIR(entry.info.st_mode)) {
    if (mkdirat(parent.get(), name.c_str(), 0700) < 0) throw SysError(shown);
    const Fd made = open_at(parent.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    copy_metadata(entry.directory, made.get(), entry.info, shown);
  } else if (S_ISREG(entry.info.st_mode)) {
    copy_file(entry, parent.get(), name, shown);
  } else if (S_ISLNK(entry.info.st_mode)) {
    copy_link(entry, parent.get(), name, shown);
  } else {
    // A socket means nothing without its process; FIFOs and devices are made anew.
    if (S_ISSOCK(entry.info.st_mode)) return;
    if (mknodat(parent.get(), name.c_str(), entry.info.st_mode, entry.info.st_rdev) < 0)
      throw SysError(shown);
    if (fchownat(parent.get(), name.c_str(), entry.info.st_uid, entry.info.st_gid,
                 AT_SYMLINK_NOFOLLOW) < 0) {
      throw SysError(shown);
    }
  }
}

// What is there already stays: a container that runs may have made it meanwhile.
void move_entries(const std::string& from, const std::string& to) {
  const Fd source = open_file(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const Fd target = open_file(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  struct stat info;  // before the moves change its times
  if (fstat(source.get(), &info) < 0) throw SysError(from);
  for (const std::string& name : list_directory(from)) {
    if (renameat2(source.get(), name.c_str(), target.get(), name.c_str(), RENAME_NOREPLACE) < 0 &&
        errno != EEXIST) {
      throw SysError(cat(to, ": move ", quoted(name), " here"));
    }
  }
  copy_metadata(source.get(), target.get(), info, to);
}

}  // namespace

bool has_unfinished_copy(const std::string& volume) {
  return exists(volume + "/_ready");
}

void finish_copy(const std::string& volume) {
  const std::string ready = volume + "/_ready", copy = volume + "/_copy";
  if (!exists(ready)) return;
  move_entries(ready, volume + "/_data");
  // Under its other name it is rubbish: half of it is never moved after a kill.
  remove_tree(copy);
  rename_path(ready, copy);
  remove_tree(copy);
}

void copy_up(const container::Spec::Overlay& image, const std::string& path,
             const std::string& volume) {
  const std::string data = volume + "/_data", copy = volume + "/_copy";
  finish_copy(volume);
  if (!list_directory(data).empty()) return;
  container::Spec::Overlay lower = image;
  lower.upper.clear();
  const MergedTree tree(lower);
  remove_tree(copy);
  make_directories(copy, 0700);
  const Root target(copy);
  const bool found =
      tree.walk(path, [&](const MergedTree::Entry& entry) { copy_entry(entry, target); });
  if (!found) {
    remove_tree(copy);
    return;
  }
  // Not for a directory alone: that happens at each start with a volume that stays empty.
  if (!list_directory(copy).empty()) sync_filesystem(copy);
  rename_path(copy, volume + "/_ready");
  sync_directory(volume);
  finish_copy(volume);
}

}  // namespace mini::engine
