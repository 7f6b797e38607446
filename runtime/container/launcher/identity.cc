// Who the process is and what it may do.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/resource.h>

#include "runtime/container/launcher/launcher.h"

namespace mini::container {
namespace {

struct CapabilitySets {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
};

void split(uint64_t mask, uint32_t& low, uint32_t& high) {
  low = static_cast<uint32_t>(mask);
  high = static_cast<uint32_t>(mask >> 32);
}

long prctl(long option, long a = 0, long b = 0) {
  return sys::call(SYS_prctl, option, a, b, 0, 0);
}

}  // namespace

long set_rlimit(const Op& op) {
  rlimit64 wanted = {op.b, op.c};
  const long done = sys::call(SYS_prlimit64, 0, op.a, &wanted, nullptr);
  if (done != -EPERM) return done;
  // Without CAP_SYS_RESOURCE a limit cannot be raised: then as much as there is.
  rlimit64 now;
  const long read = sys::call(SYS_prlimit64, 0, op.a, nullptr, &now);
  if (read < 0) return read;
  if (wanted.rlim_max > now.rlim_max) wanted.rlim_max = now.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  return sys::call(SYS_prlimit64, 0, op.a, &wanted, nullptr);
}

long close_others(Launcher& self, const Op& op) {
  // Closed now, not at execve: the container's working directory is entered next, and must not be
  // reachable through /proc/self/fd (CVE-2024-21626).
  const auto* kept = self.list<uint32_t>(op.text);
  uint32_t from = 3;
  for (uint64_t i = 0; i < op.a; ++i) {
    if (kept[i] > from) sys::call(SYS_close_range, from, kept[i] - 1, 0);
    if (kept[i] >= from) from = kept[i] + 1;
  }
  self.root = self.proc = self.mount = self.console = self.masks = -1;
  return sys::call(SYS_close_range, from, ~0U, 0);
}

long make_directory(Launcher& self, const Op& op) {
  const long root = sys::call(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return root;
  const long made = make_directories(static_cast<int>(root), self.text(op.text), 0);
  sys::close(static_cast<int>(made));
  sys::close(static_cast<int>(root));
  // What is wrong with the directory is told by entering it.
  return 0;
}

long change_directory(Launcher& self, const Op& op) {
  const long done = sys::call(SYS_chdir, self.text(op.text));
  // Some file systems (NFS) know the user better than root: tried again after `ids`.
  self.directory_pending = done == -EACCES || done == -EPERM;
  return self.directory_pending ? 0 : done;
}

long verify_directory(Launcher& self, const char* path) {
  if (self.directory_pending) {
    const long done = sys::call(SYS_chdir, path);
    if (done < 0) return done;
  }
  char where[4096];
  const long size = sys::call(SYS_getcwd, where, sizeof where);
  if (size == -ERANGE) return 0;  // deeper than a path can be long, but below the root
  if (size < 0) return size;
  return where[0] == '/' ? 0 : -EXDEV;  // "(unreachable)/…": a directory of the host
}

long set_groups(Launcher& self, const Op& op) {
  const long done = sys::call(SYS_setgroups, op.a, self.list<uint32_t>(op.text));
  // A user namespace of an ordinary user forbids the call; without groups to set nothing is lost.
  return done == -EPERM && op.a == 0 ? 0 : done;
}

long drop_bounding(const Op& op) {
  for (int bit = 0; bit < 64; ++bit) {
    if (op.a >> bit & 1) continue;
    const long done = prctl(PR_CAPBSET_DROP, bit);
    if (done == -EINVAL) return 0;  // past the kernel's last capability
    if (done < 0) return done;
  }
  return 0;
}

long set_ids(Launcher& self, const Op& op) {
  // Changing away from root would empty the permitted set, of which we need parts to the end;
  // `capabilities` empties it.
  long done = prctl(PR_SET_KEEPCAPS, 1);
  if (done >= 0) done = sys::call(SYS_setresgid, op.b, op.b, op.b);
  if (done >= 0) done = sys::call(SYS_setresuid, op.a, op.a, op.a);
  if (done >= 0) done = prctl(PR_SET_KEEPCAPS, 0);
  if (done < 0 || !self.die_with_parent) return done;
  // A change of credentials clears it.
  done = prctl(PR_SET_PDEATHSIG, 9);
  return done < 0 ? done : parent_gone(self);
}

long set_capabilities(const Op& op) {
  CapabilitySets sets;
  long done = sys::call(SYS_capget, &sets.header, sets.data);
  if (done < 0) return done;
  // Nobody can give what he does not have: a runtime with fewer privileges gives fewer.
  const uint64_t held = sets.data[0].permitted | static_cast<uint64_t>(sets.data[1].permitted)
                                                     << 32;
  split(op.a & held, sets.data[0].effective, sets.data[1].effective);
  split(op.b & held, sets.data[0].permitted, sets.data[1].permitted);
  split(op.c & held, sets.data[0].inheritable, sets.data[1].inheritable);
  return sys::call(SYS_capset, &sets.header, sets.data);
}

long raise_ambient(const Op& op) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  for (int bit = 0; bit < 64; ++bit) {
    if (!(op.a >> bit & 1)) continue;
    const long done = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit);
    if (done < 0 && done != -EPERM) return done;  // EPERM: not permitted, see set_capabilities
  }
  return 0;
}

long load_seccomp(Launcher& self, const Op& op) {
  sock_fprog program = {static_cast<unsigned short>(op.a), self.list<sock_filter>(op.text)};
  return sys::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, op.b, &program);
}

}  // namespace mini::container
