// Paths that an image or a container made: only ever resolved by the kernel below the new root, and
// acted on by descriptor.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {

long open_below(int root, const char* path, uint64_t flags, uint64_t resolve) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  long fd;
  do {
    // EAGAIN: a rename happened while ".." was resolved; the kernel asks to be asked again.
    fd = sys::call(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
  } while (fd == -EAGAIN || fd == -EINTR);
  return fd;
}

long make_directories(int root, const char* path, uint64_t resolve) {
  const long whole = open_below(root, path, O_PATH | O_DIRECTORY, resolve);
  if (whole != -ENOENT) return whole;

  char prefix[kPathMax];
  if (length(path) >= kPathMax) return -ENAMETOOLONG;
  long parent = open_below(root, "/", O_PATH | O_DIRECTORY, resolve);
  size_t start = 0, end = 0;
  while (parent >= 0) {
    while (path[end] == '/') prefix[end] = '/', ++end;
    if (!path[end]) return parent;
    start = end;
    while (path[end] && path[end] != '/') prefix[end] = path[end], ++end;
    prefix[end] = 0;
    // Each prefix is resolved from the root again, so that links and ".." in it mean what they mean
    // inside.
    long next = open_below(root, prefix, O_PATH | O_DIRECTORY, resolve);
    if (next == -ENOENT) {
      // A dangling link makes this EEXIST: refused, never followed to be created somewhere else.
      const long made = sys::call(SYS_mkdirat, parent, prefix + start, 0755);
      next = made < 0 && made != -EEXIST ? made
                                         : open_below(static_cast<int>(parent), prefix + start,
                                                      O_PATH | O_DIRECTORY | O_NOFOLLOW, resolve);
    }
    sys::close(static_cast<int>(parent));
    parent = next;
  }
  return parent;
}

long open_parent(int root, const char* path, uint64_t resolve, const char** name) {
  char parent[kPathMax];
  size_t cut = length(path);
  if (cut >= kPathMax) return -ENAMETOOLONG;
  while (cut > 0 && path[cut - 1] != '/') --cut;
  for (size_t i = 0; i < cut; ++i) parent[i] = path[i];
  parent[cut] = 0;
  *name = path + cut;
  const char* last = *name;
  if (!last[0] || (last[0] == '.' && (!last[1] || (last[1] == '.' && !last[2])))) return -EINVAL;
  return make_directories(root, parent, resolve);
}

long file_system_type(int fd) {
  struct StatFs {  // the kernel's struct statfs, of which only the type matters
    long type;
    long rest[31];
  } info = {};
  return sys::call(SYS_fstatfs, fd, &info) == 0 ? info.type : 0;
}

bool is_device(int fd, unsigned major, unsigned minor) {
  struct stat info;
  return sys::call(SYS_fstat, fd, &info) == 0 && S_ISCHR(info.st_mode) &&
         info.st_rdev == ((static_cast<unsigned long>(major) << 8) | minor);
}

}  // namespace mini::container
