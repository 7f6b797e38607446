#include "runtime/files/file_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"

namespace mini::files {
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

void copy_regular(const MergedTree::Entry& entry, int parent, const std::string& name,
                  const std::string& shown, CopyAttributes attributes) {
  const Fd from = open_regular(entry.directory, entry.name, shown);
  const Fd to = open_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  copy_content(from.get(), to.get(), shown);
  copy_metadata(from.get(), to.get(), entry.info, shown, attributes);
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
  const timespec times[] = {entry.info.st_atim, entry.info.st_mtim};
  if (utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0)
    throw SysError(cat(shown, ": set the times"));
}

}  // namespace

Fd open_regular(int directory, const std::string& name, const std::string& shown) {
  const Fd handle = open_at(directory, name, O_PATH | O_NOFOLLOW);
  struct stat info;
  if (fstat(handle.get(), &info) < 0) throw SysError(shown);
  if (!S_ISREG(info.st_mode) || on_kernel_file_system(handle.get(), shown))
    throw Error(cat(shown, ": not a regular file"));
  return with_context(
      shown, [&] { return open_file(cat("/proc/self/fd/", handle.get()), O_RDONLY | O_NOCTTY); });
}

void copy_metadata(int from, int to, const struct stat& info, const std::string& shown,
                   CopyAttributes attributes) {
  if (fchown(to, info.st_uid, info.st_gid) < 0) throw SysError(cat(shown, ": change the owner"));
  if (fchmod(to, info.st_mode & 07777) < 0) throw SysError(cat(shown, ": change the mode"));
  if (attributes == CopyAttributes::yes) copy_attributes(from, to, shown);
  const timespec times[] = {info.st_atim, info.st_mtim};
  if (futimens(to, times) < 0) throw SysError(cat(shown, ": set the times"));
}

void copy_content(int from, int to, const std::string& shown) {
  for (;;) {
    constexpr size_t kPiece = 1 << 30;
    const ssize_t size = sendfile(to, from, nullptr, kPiece);
    if (size < 0) throw SysError(cat(shown, ": copy"));
    if (size == 0) break;
  }
}

void copy_file(const MergedTree::Entry& entry, int parent, const std::string& name,
               const std::string& shown, CopyAttributes attributes) {
  if (S_ISREG(entry.info.st_mode)) return copy_regular(entry, parent, name, shown, attributes);
  if (S_ISLNK(entry.info.st_mode)) return copy_link(entry, parent, name, shown);
  // A socket means nothing without its process; FIFOs and devices are made anew.
  if (S_ISSOCK(entry.info.st_mode)) return;
  if (mknodat(parent, name.c_str(), entry.info.st_mode, entry.info.st_rdev) < 0)
    throw SysError(shown);
  if (fchownat(parent, name.c_str(), entry.info.st_uid, entry.info.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
    throw SysError(cat(shown, ": change the owner"));
  // The name is ours as long as nobody else writes here; a link in its place is not followed.
  if (fchmodat(parent, name.c_str(), entry.info.st_mode & 07777, AT_SYMLINK_NOFOLLOW) < 0 &&
      errno != EOPNOTSUPP) {
    throw SysError(cat(shown, ": change the mode"));
  }
}

}  // namespace mini::files
