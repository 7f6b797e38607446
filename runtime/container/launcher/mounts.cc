// Mount trees are made while nobody can see them, get their flags, and are attached by descriptor.
// No path of the container is ever given to mount(2) as text, so nothing can be swapped between a
// check and its use.
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {
namespace {

constexpr long kProcMagic = 0x9fa0, kSysMagic = 0x62656572;

long take(int& reg, long fd) {
  if (fd < 0) return fd;
  sys::close(reg);
  reg = static_cast<int>(fd);
  return 0;
}

unsigned long device_of(int fd) {
  struct stat info;
  return sys::call(SYS_fstat, fd, &info) == 0 ? info.st_dev : 0;
}

// On the container's own /dev, where that is a mount: the root's files lie on another device.
bool in_dev(const Launcher& self, int fd) {
  const long top = open_below(self.root, "/dev", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (top < 0) return false;
  const unsigned long dev = device_of(static_cast<int>(top));
  sys::close(static_cast<int>(top));
  return dev != device_of(self.root) && dev == device_of(fd);
}

// Whether the destination ended up where its name does not say. What cannot be told is taken for
// procfs.
bool strayed(const Launcher& self, const Op& op, int target) {
  const long type = file_system_type(target);
  if (!(op.flags & kAttachInProc) && (type == 0 || type == kProcMagic)) return true;
  // Without links, the name has said it.
  return !(op.flags & kAttachNoLinks) && (type == kSysMagic || in_dev(self, target));
}

long move_onto(int mount, int target) {
  return sys::call(SYS_move_mount, mount, "", target, "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

// On top of "/" itself: no directory of the host is needed, absolute paths keep starting at the
// host's root below, and the descriptor is the only way in.
long move_onto_root(int mount) {
  return sys::call(SYS_move_mount, mount, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
}

long clone_tree(int fd, unsigned flags) {
  return sys::call(SYS_open_tree, fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | O_CLOEXEC | flags);
}

long set_readonly(int fd, unsigned flags) {
  mount_attr attr = {};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  return sys::call(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

// A tmpfs made through the new interface, with nothing in it.
long new_tmpfs() {
  const long context = sys::call(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) return context;
  sys::call(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0755", 0);
  const long made = sys::call(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
  const long mount = made < 0 ? made : sys::call(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
  sys::close(static_cast<int>(context));
  return mount;
}

// One small file system lies under all masks of a container: "empty" and a null device of our own.
// The host's /dev/null would let the container change the host's inode through the mask; the
// container's could have been swapped for something else (CVE-2025-31133).
long make_masks(Launcher& self) {
  long done = take(self.masks, new_tmpfs());
  if (done < 0) return done;
  done = sys::call(SYS_mkdirat, self.masks, "empty", 0555);
  if (done < 0) return done;
  done = sys::call(SYS_mknodat, self.masks, "null", S_IFCHR | 0666, (1 << 8) | 3);
  // In a user namespace nobody may make devices: there the host's is out of the container's reach,
  // because its owner has no id inside.
  if (done < 0 && done != -EPERM) return done;
  mount_attr attr = {};
  attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  return sys::call(SYS_mount_setattr, self.masks, "", AT_EMPTY_PATH, &attr, sizeof attr);
}

long mask_source(const Launcher& self, bool directory) {
  if (directory) return sys::call(SYS_openat, self.masks, "empty", O_PATH | O_CLOEXEC);
  long fd = sys::call(SYS_openat, self.masks, "null", O_PATH | O_CLOEXEC);
  if (fd == -ENOENT)
    fd = sys::call(SYS_openat, AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && !is_device(static_cast<int>(fd), 1, 3)) {
    sys::close(static_cast<int>(fd));
    return -ENXIO;
  }
  return fd;
}

long open_destination(const Launcher& self, const Op& op) {
  const uint64_t resolve = op.flags & kAttachNoLinks ? RESOLVE_NO_SYMLINKS : 0;
  const char* path = self.text(op.text);
  if (!(op.flags & kAttachFile)) return make_directories(self.root, path, resolve);
  long fd = open_below(self.root, path, O_PATH, resolve);
  if (fd != -ENOENT) return fd;
  const char* name;
  const long parent = open_parent(self.root, path, resolve, &name);
  if (parent < 0) return parent;
  fd = sys::call(SYS_openat, parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
                 0644);
  sys::close(static_cast<int>(parent));
  if (fd < 0) return fd;
  sys::close(static_cast<int>(fd));
  return open_below(self.root, path, O_PATH, resolve);
}

}  // namespace

long fs_open(Launcher& self, const Op& op) {
  return take(self.context, sys::call(SYS_fsopen, self.text(op.text), FSOPEN_CLOEXEC));
}

long fs_create(Launcher& self, const Op& op) {
  long done = sys::call(SYS_fsconfig, self.context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
  if (done < 0) return done;
  done = take(self.mount, sys::call(SYS_fsmount, self.context, FSMOUNT_CLOEXEC, op.a));
  sys::close(self.context);
  self.context = -1;
  return done;
}

long open_tree(Launcher& self, const Op& op) {
  return take(self.mount, sys::call(SYS_open_tree, AT_FDCWD, self.text(op.text), op.a | O_CLOEXEC));
}

long open_path(Launcher& self, const Op& op) {
  const long fd = sys::call(SYS_openat, AT_FDCWD, self.text(op.text), O_PATH | O_CLOEXEC);
  if (fd < 0 || fd == static_cast<long>(op.a)) return fd < 0 ? fd : 0;
  const long moved = sys::call(SYS_dup3, fd, op.a, O_CLOEXEC);
  sys::close(static_cast<int>(fd));
  return moved < 0 ? moved : 0;
}

long mount_at(Launcher& self, const Op& op) {
  const char* where = self.text(op.text);
  const long done = sys::call(SYS_mount, "overlay", where, "overlay", op.a, self.text(op.text2));
  if (done < 0) return done;
  return take(self.mount, sys::call(SYS_open_tree, AT_FDCWD, where, O_CLOEXEC));
}

long set_attr(Launcher& self, const Op& op) {
  mount_attr attr = {};
  attr.attr_set = op.a;
  attr.attr_clr = op.b;
  attr.propagation = op.c;
  attr.userns_fd = op.fd >= 0 ? static_cast<uint64_t>(op.fd) : 0;
  const unsigned recursive = op.flags & kRecursive ? AT_RECURSIVE : 0;
  return sys::call(SYS_mount_setattr, self.mount, "", AT_EMPTY_PATH | recursive, &attr,
                   sizeof attr);
}

long prepare_masks(Launcher& self) {
  const long done = make_masks(self);
  // Trees can only be cloned from an attached mount before Linux 6.15. Below the new root it goes
  // away together with the old root.
  return done < 0 ? done : move_onto_root(self.masks);
}

long attach_root(Launcher& self, const Op& op) {
  const long done = op.flags & kAttached ? 0 : move_onto_root(self.mount);
  if (done < 0) return done;
  self.root = self.mount;
  self.mount = -1;
  return 0;
}

long attach(Launcher& self, const Op& op) {
  const long target = open_destination(self, op);
  if (target < 0) return target;
  // A link in the image may lead a harmless destination into /proc, /sys or /dev, where a mount
  // would redirect what we or the container's tools write there (CVE-2019-19921, CVE-2025-52881):
  // our device nodes would be made in the user's directory.
  const long done = strayed(self, op, static_cast<int>(target))
                        ? -EXDEV
                        : move_onto(self.mount, static_cast<int>(target));
  sys::close(static_cast<int>(target));
  if (self.mount != self.proc) sys::close(self.mount);
  self.mount = -1;
  return done;
}

long need_proc(Launcher& self) {
  if (self.proc >= 0) return 0;
  const long context = sys::call(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
  if (context < 0) return context;
  const long made = sys::call(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
  const long done =
      made < 0 ? made : take(self.proc, sys::call(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0));
  sys::close(static_cast<int>(context));
  return done;
}

long pivot(Launcher& self) {
  long done = sys::call(SYS_fchdir, self.root);
  if (done < 0) return done;
  // With "." for both, the old root lies on top of the new one until it is detached: no directory
  // has to be made for it.
  done = sys::call(SYS_pivot_root, ".", ".");
  if (done < 0) return done;
  // On top of it may lie the masks' file system: the topmost goes first.
  for (int layers = self.masks >= 0 ? 2 : 1; layers > 0; --layers) {
    done = sys::call(SYS_umount2, ".", 2 /* MNT_DETACH */);
    if (done < 0) return done;
  }
  return sys::call(SYS_chdir, "/");
}

long root_attr(const Op& op) {
  mount_attr attr = {};
  attr.attr_set = op.a;
  attr.propagation = op.c;
  const unsigned recursive = op.flags & kRecursive ? AT_RECURSIVE : 0;
  return sys::call(SYS_mount_setattr, AT_FDCWD, "/", recursive, &attr, sizeof attr);
}

long mask(Launcher& self, const Op& op) {
  const long target = open_below(self.root, self.text(op.text), O_PATH, 0);
  if (target == -ENOENT || target == -ENOTDIR) return 0;  // nothing to hide
  if (target < 0) return target;
  struct stat info;
  long done = sys::call(SYS_fstat, target, &info);
  const long source = done < 0 ? done : mask_source(self, S_ISDIR(info.st_mode));
  const long tree = source < 0 ? source : clone_tree(static_cast<int>(source), 0);
  done = tree < 0 ? tree : move_onto(static_cast<int>(tree), static_cast<int>(target));
  sys::close(static_cast<int>(tree));
  sys::close(static_cast<int>(source));
  sys::close(static_cast<int>(target));
  return done;
}

long readonly(Launcher& self, const Op& op) {
  const long target = open_below(self.root, self.text(op.text), O_PATH, 0);
  if (target == -ENOENT || target == -ENOTDIR) return 0;
  if (target < 0) return target;
  const long tree = clone_tree(static_cast<int>(target), AT_RECURSIVE);
  long done = tree < 0 ? tree : set_readonly(static_cast<int>(tree), AT_RECURSIVE);
  if (done >= 0) done = move_onto(static_cast<int>(tree), static_cast<int>(target));
  sys::close(static_cast<int>(tree));
  sys::close(static_cast<int>(target));
  return done;
}

}  // namespace mini::container
