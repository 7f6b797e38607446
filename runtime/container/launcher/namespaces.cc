// Joining and making namespaces, and settings that belong to one.
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {

long fork_sibling(Launcher& self, const Op& op) {
  clone_args args = {};
  // Our parent's child, not ours: mini reaps every process that it starts, also one that had to be
  // born inside a pid namespace.
  args.flags = CLONE_PARENT | op.a;
  const long child = sys::call(SYS_clone3, &args, sizeof args);
  if (child < 0) return child;
  if (child > 0) {
    send_report(self, Report::forked, static_cast<uint32_t>(child), -1);
    sys::exit(0);
  }
  return 0;
}

long become_root() {
  long done = sys::call(SYS_setresgid, 0, 0, 0);
  if (done >= 0) done = sys::call(SYS_setresuid, 0, 0, 0);
  return done;
}

long loopback_up() {
  const long fd = sys::call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  ifreq request = {};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const long done = sys::call(SYS_ioctl, fd, SIOCSIFFLAGS, &request);
  sys::close(static_cast<int>(fd));
  return done;
}

long session_keyring(Launcher& self, const Op& op) {
  const long done = sys::call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, self.text(op.text));
  return done == -ENOSYS ? 0 : done;
}

namespace {

// Through a procfs that only we hold, without links and without crossing a mount: whatever the
// image or a volume put over /proc cannot redirect the write (CVE-2025-52881).
long write_below_proc(const Launcher& self, const char* path, const char* value) {
  const long fd = open_below(self.proc, path, O_WRONLY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (fd < 0) return fd;
  const long done = sys::call(SYS_write, fd, value, length(value));
  sys::close(static_cast<int>(fd));
  return done;
}

}  // namespace

long write_setting(Launcher& self, const Op& op) {
  return write_below_proc(self, self.text(op.text), self.text(op.text2));
}

long write_proc_self(Launcher& self, const Op& op) {
  // "self" is a link; our number in this procfs is the same file without one.
  char path[256], digits[kDigits];
  size_t end = 0;
  for (const char* pid = decimal(sys::call(SYS_getpid), digits); *pid; ++pid) path[end++] = *pid;
  path[end++] = '/';
  for (const char* rest = self.text(op.text); *rest; ++rest) {
    if (end == sizeof path - 1) return -ENAMETOOLONG;
    path[end++] = *rest;
  }
  path[end] = 0;
  return write_below_proc(self, path, self.text(op.text2));
}

}  // namespace mini::container
