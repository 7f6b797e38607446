// Device nodes, the terminal and the standard streams.
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {
namespace {

constexpr long kDevptsMagic = 0x1cd1, kPipeMagic = 0x50495045, kSocketMagic = 0x534f434b;

long bind_onto(int source, int target) {
  const long tree =
      sys::call(SYS_open_tree, source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC);
  if (tree < 0) return tree;
  const long done = sys::call(SYS_move_mount, tree, "", target, "",
                              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  sys::close(static_cast<int>(tree));
  return done;
}

// Makes a file to mount on, without following a link, and binds `source` there.
long bind_at(int directory, const char* name, int source) {
  long target =
      sys::call(SYS_openat, directory, name,
                O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
  if (target < 0) return target;
  const long done = bind_onto(source, static_cast<int>(target));
  sys::close(static_cast<int>(target));
  return done;
}

long bind_host_device(int directory, const char* name, const char* host, unsigned long number) {
  const long source = sys::call(SYS_openat, AT_FDCWD, host, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (source < 0) return source;
  struct stat info;
  long done = sys::call(SYS_fstat, source, &info);
  if (done == 0 && info.st_rdev != number) done = -ENXIO;
  if (done == 0) done = bind_at(directory, name, static_cast<int>(source));
  sys::close(static_cast<int>(source));
  return done;
}

}  // namespace

long device(Launcher& self, const Op& op) {
  const char* name;
  const long parent = open_parent(self.root, self.text(op.text), RESOLVE_NO_SYMLINKS, &name);
  if (parent < 0) return parent;
  const int directory = static_cast<int>(parent);
  long done = sys::call(SYS_mknodat, directory, name, op.a, op.b);
  if (done == -EEXIST) {
    struct stat info;
    done = sys::call(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW);
    const bool same =
        done == 0 && (info.st_mode & S_IFMT) == (op.a & S_IFMT) && info.st_rdev == op.b;
    if (done == 0 && !same) done = -EEXIST;
  } else if (done == -EPERM && self.has(op.text2)) {
    done = bind_host_device(directory, name, self.text(op.text2), op.b);
  } else if (done == 0 && op.c != 0) {
    done = sys::call(SYS_fchownat, directory, name, op.c >> 32, op.c & 0xffffffff,
                     AT_SYMLINK_NOFOLLOW);
  }
  sys::close(directory);
  return done;
}

long link_file(Launcher& self, const Op& op) {
  const char* name;
  const long parent = open_parent(self.root, self.text(op.text), RESOLVE_NO_SYMLINKS, &name);
  if (parent < 0) return parent;
  const long done = sys::call(SYS_symlinkat, self.text(op.text2), parent, name);
  sys::close(static_cast<int>(parent));
  return done == -EEXIST ? 0 : done;
}

long open_console(Launcher& self, const Op& op) {
  // The container's own devpts: a pty of the host's instance would be a file of the host. Checked,
  // because in a running container /dev/pts may be anything.
  const long master =
      open_below(self.root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, RESOLVE_NO_SYMLINKS);
  if (master < 0) return master;
  const int fd = static_cast<int>(master);
  if (file_system_type(fd) != kDevptsMagic) return -ENXIO;
  int unlock = 0;
  long done = sys::call(SYS_ioctl, fd, TIOCSPTLCK, &unlock);
  if (done < 0) return done;
  // The other end by the master's descriptor, never by a name below /dev/pts (CVE-2025-52565).
  const long peer = sys::call(SYS_ioctl, fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (peer < 0) return peer;
  self.console = static_cast<int>(peer);
  const unsigned short rows = static_cast<unsigned short>(op.a >> 16),
                       columns = static_cast<unsigned short>(op.a);
  if (rows || columns) {
    winsize size = {rows, columns, 0, 0};
    done = sys::call(SYS_ioctl, self.console, TIOCSWINSZ, &size);
    if (done < 0) return done;
  }
  if (op.b != 0) {
    done = sys::call(SYS_fchown, self.console, op.b, -1);
    if (done < 0) return done;
  }
  const long flags = sys::call(SYS_fcntl, fd, F_GETFL);
  sys::call(SYS_fcntl, fd, F_SETFL, flags & ~O_NONBLOCK);
  send_report(self, Report::console, 0, fd);
  sys::close(fd);
  return 0;
}

long bind_console(Launcher& self) {
  const char* name;
  const long parent = open_parent(self.root, "/dev/console", RESOLVE_NO_SYMLINKS, &name);
  if (parent < 0) return parent;
  const long done = bind_at(static_cast<int>(parent), name, self.console);
  sys::close(static_cast<int>(parent));
  return done;
}

long take_stdio(Launcher& self, const Op& op) {
  const int wanted[3] = {static_cast<int>(op.a), static_cast<int>(op.b), static_cast<int>(op.c)};
  int null = -1;
  for (int i = 0; i < 3; ++i) {
    int from = wanted[i];
    if (from < 0) {
      if (null < 0) {
        null = static_cast<int>(open_below(self.root, "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK,
                                           RESOLVE_NO_SYMLINKS));
        if (null < 0) return null;
        if (!is_device(null, 1, 3)) return -ENXIO;
        // 0, 1 and 2 are free here, and a copy of a descriptor onto itself is refused.
        const long high = sys::call(SYS_fcntl, null, F_DUPFD_CLOEXEC, 3);
        sys::close(null);
        if (high < 0) return high;
        null = static_cast<int>(high);
        sys::call(SYS_fcntl, null, F_SETFL, O_RDWR);
      }
      from = null;
    }
    // The parent hands over descriptors above 2 only, so none is overwritten before its turn.
    const long done = sys::call(SYS_dup3, from, i, 0);
    if (done < 0) return done;
  }
  sys::close(null);
  return 0;
}

long terminal_stdio(Launcher& self) {
  for (int i = 0; i < 3; ++i) {
    const long done = sys::call(SYS_dup3, self.console, i, 0);
    if (done < 0) return done;
  }
  sys::close(self.console);
  return sys::call(SYS_ioctl, 0, TIOCSCTTY, 0);
}

long give_stdio(const Op& op) {
  for (int fd = 0; fd < 3; ++fd) {
    // Only what has no name on the host: a FIFO, a device or a file there keeps its owner.
    const long type = file_system_type(fd);
    if (type != kPipeMagic && type != kSocketMagic) continue;
    const long done = sys::call(SYS_fchown, fd, op.a, -1);
    // An owner without an id in this user namespace: the stream works, it only cannot be reopened
    // by name.
    if (done < 0 && done != -EPERM && done != -EINVAL) return done;
  }
  return 0;
}

}  // namespace mini::container
