#include "runtime/files/file_copy.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/directory.h"

namespace mini::files {
namespace {

void copy_regular(const OpenEntry& entry, int parent, const std::string& name,
                  const std::string& shown, CopyAttributes attributes) {
  const Fd from = open_regular(entry.directory, entry.name, shown);
  const Fd to = open_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  copy_content(from.get(), to.get(), shown);
  copy_metadata(from.get(), to.get(), entry, shown, attributes);
}

void copy_link(const OpenEntry& entry, int parent, const std::string& name,
               const std::string& shown) {
  const std::string target = read_link(entry.directory, entry.name, shown);
  if (symlinkat(target.c_str(), parent, name.c_str()) < 0) throw SysError(shown);
  if (fchownat(parent, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) < 0) {
    throw SysError(cat(shown, ": change the owner"));
  }
  const timespec times[] = {entry.atime, entry.mtime};
  if (utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0)
    throw SysError(cat(shown, ": set the times"));
}

}  // namespace

Fd open_regular(int directory, const std::string& name, const std::string& shown) {
  const Fd handle = open_at(directory, name, O_PATH | O_NOFOLLOW);
  if (!node_of(handle.get(), shown).is_regular() || on_kernel_file_system(handle.get(), shown))
    throw Error(cat(shown, ": not a regular file"));
  return with_context(
      shown, [&] { return open_file(cat("/proc/self/fd/", handle.get()), O_RDONLY | O_NOCTTY); });
}

void copy_metadata(int from, int to, const Node& node, const std::string& shown,
                   CopyAttributes attributes) {
  if (fchown(to, node.uid, node.gid) < 0) throw SysError(cat(shown, ": change the owner"));
  if (fchmod(to, node.mode & 07777) < 0) throw SysError(cat(shown, ": change the mode"));
  if (attributes == CopyAttributes::yes) copy_attributes(from, to, shown);
  const timespec times[] = {node.atime, node.mtime};
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

void copy_file(const OpenEntry& entry, int parent, const std::string& name,
               const std::string& shown, CopyAttributes attributes) {
  if (entry.is_regular()) return copy_regular(entry, parent, name, shown, attributes);
  if (entry.is_link()) return copy_link(entry, parent, name, shown);
  // FIFOs and devices are made anew.
  if (mknodat(parent, name.c_str(), entry.mode, entry.rdev) < 0) throw SysError(shown);
  if (fchownat(parent, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) < 0)
    throw SysError(cat(shown, ": change the owner"));
  // The name is ours as long as nobody else writes here; a link in its place is not followed.
  if (fchmodat(parent, name.c_str(), entry.mode & 07777, AT_SYMLINK_NOFOLLOW) < 0 &&
      errno != EOPNOTSUPP) {
    throw SysError(cat(shown, ": change the mode"));
  }
}

}  // namespace mini::files
