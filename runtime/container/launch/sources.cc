#include "runtime/container/launch/sources.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/id_maps.h"
#include "runtime/container/spec/mount_options.h"

namespace mini::container {
namespace {

constexpr long kProcMagic = 0x9fa0, kSysMagic = 0x62656572;
// What the kernel itself shows inside of /sys.
constexpr long kCgroupMagic = 0x27e0eb, kCgroup2Magic = 0x63677270, kDebugMagic = 0x64626720,
               kTraceMagic = 0x74726163, kBpfMagic = 0xcafe4a11, kSecurityMagic = 0x73636673;

bool is_directory(int fd, const std::string& what) {
  struct stat info;
  if (fstat(fd, &info) < 0) throw SysError(what);
  return S_ISDIR(info.st_mode);
}

// Something else in its place would swallow what is written to /proc/self/attr and the like
// (CVE-2019-16884), or show a kernel that there is not.
void check_source(const Mount& mount, const MountTree& tree, const std::string& what) {
  const std::string path = clean_path("/" + mount.destination);
  const bool proc = path == "/proc", sys = path == "/sys";
  const bool in_sys =
      path.starts_with("/sys/") && path != "/sys/fs/cgroup" && !path.starts_with("/sys/fs/cgroup/");
  if (!proc && !sys && !in_sys) return;
  struct statfs info;
  const int told = tree.fd >= 0 ? fstatfs(tree.fd, &info)
                   : proc       ? -1
                                : statfs(mount.source.c_str(), &info);
  const long type = told < 0 ? 0 : info.f_type;
  if (proc && type != kProcMagic) throw Error(cat(what, ": only a procfs may be bound to /proc"));
  if (sys && type != kSysMagic) throw Error(cat(what, ": only a sysfs may be bound to /sys"));
  static constexpr long kKernels[] = {kSysMagic,   kCgroupMagic, kCgroup2Magic, kDebugMagic,
                                      kTraceMagic, kBpfMagic,    kSecurityMagic};
  if (in_sys && std::ranges::find(kKernels, type) == std::end(kKernels))
    throw Error(cat(what, ": only what is the kernel's own may be bound inside /sys"));
}

}  // namespace

MountTree Sources::open_tree(const std::string& path, bool recursive, const std::string& what) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0U);
  Fd tree(::open_tree(AT_FDCWD, path.c_str(), flags));
  MountTree out;
  if (tree) {
    out.is_file = !is_directory(tree.get(), what);
    out.fd = keep(std::move(tree));
    return out;
  }
  // An ordinary user: the launcher will be allowed to. A missing source is told now all the same.
  if (errno != EPERM) throw SysError(what);
  struct stat info;
  if (stat(path.c_str(), &info) < 0) throw SysError(what);
  out.is_file = !S_ISDIR(info.st_mode);
  return out;
}

void Sources::open_mount(const Mount& mount, MountTree& tree) {
  const MountOptions options = parse_mount_options(mount);
  if (!options.bind) return;
  const std::string what =
      cat("mount ", printable(mount.destination), ": source ", quoted(mount.source));
  tree = open_tree(mount.source, options.recursive, what);
  check_source(mount, tree, what);
  if (options.idmap)
    tree.user_namespace =
        keep(user_namespace_of_maps(mount.uid_mappings, mount.gid_mappings, what));
}

void Sources::open_cgroup(const Cgroup& cgroup, PlanInputs& inputs) {
  const CgroupHost& host = CgroupHost::get();
  inputs.cgroup_v2 = host.layout == CgroupLayout::v2;
  if (inputs.cgroup_v2 || !cgroup) return;
  const auto add = [&](const std::string& controller) {
    const auto directory = cgroup.directory(controller);
    if (!directory) return;
    inputs.cgroup_trees.emplace_back(controller,
                                     open_tree(*directory, false, cat("cgroup ", *directory)).fd);
  };
  for (const auto& [controller, mount_point] : host.v1) add(controller);
  if (!host.unified.empty()) add("");
}

void Sources::open(const Spec& spec, const Cgroup& cgroup, PlanInputs& inputs) {
  if (!spec.overlay) {
    if (spec.root.path.empty()) throw Error("root.path: missing");
    inputs.root = open_tree(spec.root.path, true, cat("root file system ", quoted(spec.root.path)));
    if (inputs.root.is_file)
      throw SysError(ENOTDIR, cat("root file system ", quoted(spec.root.path)));
  }
  inputs.mounts.resize(spec.mounts.size());
  for (size_t i = 0; i < spec.mounts.size(); ++i) open_mount(spec.mounts[i], inputs.mounts[i]);
  const bool shows_cgroup =
      std::ranges::any_of(spec.mounts, [](const Mount& mount) { return mount.type == "cgroup"; });
  if (shows_cgroup) open_cgroup(cgroup, inputs);

  for (const auto& ns : spec.linux_.namespaces) {
    if (ns.path.empty()) continue;
    const uint64_t flag = namespace_flag(ns.type);
    // The user namespace first: joining it is what allows to join the others that it owns.
    auto at = flag == CLONE_NEWUSER ? inputs.joins.begin() : inputs.joins.end();
    inputs.joins.insert(at, {keep(with_context(cat(ns.type, " namespace"),
                                               [&] { return open_file(ns.path, O_RDONLY); })),
                             flag});
  }
}

}  // namespace mini::container
