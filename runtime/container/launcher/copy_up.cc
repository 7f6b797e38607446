// What a tmpfs takes over from the directory that it covers: owner and mode, unless the options say
// them; and with tmpcopyup, its content: a tmpfs that starts with the files it will cover.
// Directories, files and links with their modes and owners; anything else is left out. A depth and
// not a size bounds it: the tmpfs has its own size.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {
namespace {

constexpr int kDepth = 64;

struct Entry {  // linux_dirent64
  uint64_t inode;
  int64_t next;
  unsigned short size;
  unsigned char type;
  char name[1];
};

long copy_tree(int from, int to, int depth);

long copy_file(int from, int to, const char* name, const struct stat& info) {
  const long in = sys::call(SYS_openat, from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (in < 0) return in;
  const long out = sys::call(SYS_openat, to, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  long done = out;
  while (done >= 0 && (done = sys::call(SYS_sendfile, out, in, nullptr, 1 << 20)) > 0) {
  }
  // The owner first: chown clears the set-user-id bits that chmod then restores.
  if (done >= 0) done = sys::call(SYS_fchown, out, info.st_uid, info.st_gid);
  if (done >= 0) done = sys::call(SYS_fchmod, out, info.st_mode & 07777);
  sys::close(static_cast<int>(out));
  sys::close(static_cast<int>(in));
  return done;
}

long copy_link(int from, int to, const char* name, const struct stat& info) {
  char target[4096];
  const long size = sys::call(SYS_readlinkat, from, name, target, sizeof target - 1);
  if (size < 0) return size;
  target[size] = 0;
  const long done = sys::call(SYS_symlinkat, target, to, name);
  if (done < 0) return done;
  return sys::call(SYS_fchownat, to, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW);
}

long copy_directory(int from, int to, const char* name, int depth) {
  const long in =
      sys::call(SYS_openat, from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (in < 0) return in;
  long done = sys::call(SYS_mkdirat, to, name, 0700);
  const long out =
      done < 0 ? done
               : sys::call(SYS_openat, to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  done = out < 0 ? out : copy_tree(static_cast<int>(in), static_cast<int>(out), depth + 1);
  sys::close(static_cast<int>(out));
  sys::close(static_cast<int>(in));
  return done;
}

long copy_entry(int from, int to, const char* name, int depth) {
  if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) return 0;
  struct stat info;
  const long done = sys::call(SYS_newfstatat, from, name, &info, AT_SYMLINK_NOFOLLOW);
  if (done < 0) return done;
  if (S_ISDIR(info.st_mode)) return copy_directory(from, to, name, depth);
  if (S_ISREG(info.st_mode)) return copy_file(from, to, name, info);
  if (S_ISLNK(info.st_mode)) return copy_link(from, to, name, info);
  return 0;
}

long copy_tree(int from, int to, int depth) {
  if (depth > kDepth) return -ELOOP;
  struct stat info;
  long done = sys::call(SYS_fstat, from, &info);
  if (done >= 0) done = sys::call(SYS_fchown, to, info.st_uid, info.st_gid);
  if (done >= 0) done = sys::call(SYS_fchmod, to, info.st_mode & 07777);
  alignas(Entry) char buffer[2048];
  while (done >= 0) {
    const long size = sys::call(SYS_getdents64, from, buffer, sizeof buffer);
    if (size <= 0) return size;
    for (long at = 0; at < size && done >= 0;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      done = copy_entry(from, to, entry->name, depth);
      at += entry->size;
    }
  }
  return done;
}

}  // namespace

long cover(Launcher& self, const Op& op) {
  const long from = open_below(self.root, self.text(op.text), O_PATH | O_DIRECTORY, 0);
  if (from == -ENOENT) return 0;
  if (from < 0) return from;
  struct stat info;
  long done = sys::call(SYS_fstat, from, &info);
  const long to = sys::call(SYS_openat, self.mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (done >= 0) done = to;
  const long uid = op.a & kCoverUid ? static_cast<long>(info.st_uid) : -1;
  const long gid = op.a & kCoverGid ? static_cast<long>(info.st_gid) : -1;
  if (done >= 0) done = sys::call(SYS_fchown, to, uid, gid);
  if (done >= 0 && op.a & kCoverMode) done = sys::call(SYS_fchmod, to, info.st_mode & 07777);
  sys::close(static_cast<int>(to));
  sys::close(static_cast<int>(from));
  return done;
}

long copy_up(Launcher& self, const Op& op) {
  const long from = open_below(self.root, self.text(op.text), O_RDONLY | O_DIRECTORY, 0);
  if (from == -ENOENT) return 0;
  if (from < 0) return from;
  const long to = sys::call(SYS_openat, self.mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const long done = to < 0 ? to : copy_tree(static_cast<int>(from), static_cast<int>(to), 0);
  sys::close(static_cast<int>(to));
  sys::close(static_cast<int>(from));
  return done;
}

}  // namespace mini::container
