// The mounts of a plan: the root, then Spec::mounts in their order, then /dev. A mount is made and
// given its flags while it is detached, so that a read-only one is never seen writable.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/container/launch/plan.h"
#include "runtime/container/spec/mount_options.h"

namespace mini::container {
namespace {

constexpr uint64_t kMsRdonly = 1, kMsPrivate = 1 << 18;
constexpr size_t kOptionPage = 4096, kOptionString = 256;  // mount(2)'s and fsconfig(2)'s limits
constexpr uint64_t kTreeFlags = OPEN_TREE_CLONE;

bool below(const std::string& path, std::string_view parent) {
  return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

// What may be mounted inside /proc, because it says nothing that a security decision rests on.
bool may_cover_in_proc(const std::string& path) {
  static constexpr std::string_view kAllowed[] = {"/proc/cpuinfo", "/proc/diskstats",
                                                  "/proc/meminfo", "/proc/stat",
                                                  "/proc/swaps",   "/proc/uptime",
                                                  "/proc/loadavg", "/proc/slabinfo",
                                                  "/proc/net/dev", "/proc/sys/kernel/ns_last_pid"};
  return std::ranges::find(kAllowed, path) != std::end(kAllowed);
}

// Whether a new file system may be mounted there: in /sys only what the kernel itself shows in it.
// Below /sys/fs/cgroup the container's manager may arrange what it likes.
bool may_cover_in_sys(const std::string& path, const std::string& type) {
  static constexpr std::string_view kKernels[] = {"cgroup",  "cgroup2", "debugfs",
                                                  "tracefs", "bpf",     "securityfs"};
  if (type == "sysfs" || !below(path, "/sys") || below(path, "/sys/fs/cgroup")) return true;
  return path != "/sys" && std::ranges::find(kKernels, type) != std::end(kKernels);
}

std::string destination_of(const Mount& mount) {
  const std::string path = clean_path("/" + mount.destination);
  if (path == "/")
    throw Error(cat("mount ", quoted(mount.destination), ": the root itself cannot be covered"));
  if (below(path, "/proc") && path != "/proc" && !may_cover_in_proc(path)) {
    throw Error(cat("mount ", path, ": nothing may be mounted there"),
                "inside /proc only files such as /proc/cpuinfo or /proc/meminfo may be covered");
  }
  return path;
}

uint16_t attach_flags(const std::string& path, bool is_file) {
  uint16_t flags = is_file ? kAttachFile : 0;
  // Links there would lead what the runtime and the container trust somewhere else (CVE-2019-19921,
  // CVE-2023-27561, CVE-2023-28642).
  if (below(path, "/proc") || below(path, "/sys") || below(path, "/dev")) flags |= kAttachNoLinks;
  if (below(path, "/proc") && path != "/proc") flags |= kAttachInProc;
  return flags;
}

void add_attach(Plan& plan, const std::string& path, bool is_file) {
  plan.add(OpCode::attach, path).flags = attach_flags(path, is_file);
}

Op& add_attr(Plan& plan, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive) {
  Op& op = plan.add(OpCode::set_attr);
  op.a = set;
  op.b = clear;
  op.c = propagation;
  op.flags = recursive ? kRecursive : 0;
  return op;
}

void add_tree(Plan& plan, const MountTree& tree, const std::string& source, bool recursive) {
  if (tree.fd >= 0) {
    const int fd = plan.pass(tree.fd);
    plan.add(OpCode::use_tree).fd = fd;
  } else {
    plan.add(OpCode::open_tree, source).a = kTreeFlags | (recursive ? AT_RECURSIVE : 0);
  }
}

void plan_bind(Plan& plan, const Mount& mount, const MountOptions& options, const MountTree& tree,
               const std::string& path) {
  add_tree(plan, tree, mount.source, options.recursive);
  if (tree.user_namespace >= 0) {
    const int fd = plan.pass(tree.user_namespace);
    add_attr(plan, MOUNT_ATTR_IDMAP, 0, 0, options.idmap_below).fd = fd;
  }
  // What came from the host stays private to us unless the user said otherwise.
  add_attr(plan, 0, 0, options.propagation ? options.propagation : kMsPrivate,
           options.propagation ? options.propagate_below : options.recursive);
  if (options.set_below || options.clear_below)
    add_attr(plan, options.set_below, options.clear_below, 0, true);
  // "rw" only takes back an "ro" before it: what the host mounted read-only stays so.
  const uint64_t clear = options.clear & ~static_cast<uint64_t>(MOUNT_ATTR_RDONLY);
  if (options.set || clear) add_attr(plan, options.set, clear, 0, false);
  add_attach(plan, path, tree.is_file);
}

// What a tmpfs takes over from the directory that it covers, as runc does: what no option says.
uint64_t covered_by(const Mount& mount, const MountOptions& options) {
  if (mount.type != "tmpfs" || options.copy_up) return 0;
  const auto said = [&](std::string_view key) {
    return std::ranges::count(options.data, key, &std::pair<std::string, std::string>::first) > 0;
  };
  return (said("mode") ? 0 : kCoverMode) | (said("uid") ? 0 : kCoverUid) |
         (said("gid") ? 0 : kCoverGid);
}

void plan_file_system(Plan& plan, const Mount& mount, const MountOptions& options,
                      const std::string& path) {
  plan.add(OpCode::fs_open, mount.type);
  if (!mount.source.empty()) plan.add(OpCode::fs_string, "source", mount.source);
  for (const auto& [key, value] : options.data) {
    if (value.size() >= kOptionString)
      throw Error(cat("mount ", path, ": option ", key, ": longer than 255 bytes"));
    plan.add(value.empty() ? OpCode::fs_flag : OpCode::fs_string, key, value);
  }
  const uint64_t set = options.set | options.set_below;
  // Read-only comes last where something is still to be written.
  const uint64_t cover = below(path, "/dev") ? 0 : covered_by(mount, options);
  const bool late = (options.copy_up || cover) && set & MOUNT_ATTR_RDONLY;
  plan.add(OpCode::fs_create).a = late ? set & ~static_cast<uint64_t>(MOUNT_ATTR_RDONLY) : set;
  if (cover) plan.add(OpCode::cover, path).a = cover;
  if (options.copy_up) plan.add(OpCode::copy_up, path);
  if (late || options.propagation)
    add_attr(plan, late ? MOUNT_ATTR_RDONLY : 0, 0, options.propagation, false);
  if (mount.type == "proc") plan.add(OpCode::keep_proc);
  add_attach(plan, path, false);
}

// Where the controllers are v1: a tmpfs with a directory per controller that the container joined,
// each showing the container's own group, read-only whatever the options say: a writable one would
// offer release_agent (CVE-2022-0492).
void plan_cgroup_v1(Plan& plan, const PlanInputs& inputs, const MountOptions& options,
                    const std::string& path) {
  const uint64_t set =
      options.set | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const auto name = [](const std::string& controller) {
    return controller.empty() ? "unified" : controller;
  };
  plan.add(OpCode::fs_open, "tmpfs");
  plan.add(OpCode::fs_string, "mode", "755");
  plan.add(OpCode::fs_create).a = set & ~static_cast<uint64_t>(MOUNT_ATTR_RDONLY);
  for (const auto& tree : inputs.cgroup_trees) plan.add(OpCode::make_in_mount, name(tree.first));
  add_attr(plan, MOUNT_ATTR_RDONLY, 0, 0, false);
  add_attach(plan, path, false);
  for (const auto& [controller, fd] : inputs.cgroup_trees) {
    const int passed = plan.pass(fd);
    plan.add(OpCode::use_tree).fd = passed;
    add_attr(plan, set, 0, kMsPrivate, false);
    add_attach(plan, cat(path, "/", name(controller)), false);
  }
}

void plan_mount(Plan& plan, const Mount& mount, const MountTree& tree, const PlanInputs& inputs) {
  const std::string path = destination_of(mount);
  const MountOptions options = parse_mount_options(mount);
  if (path == "/proc" && mount.type != "proc" && !options.bind) {
    throw Error(cat("mount /proc: type ", quoted(mount.type), " cannot stand in for procfs"));
  }
  if (options.bind) return plan_bind(plan, mount, options, tree, path);
  if (!may_cover_in_sys(path, mount.type)) {
    throw Error(cat("mount ", path, ": type ", quoted(mount.type), " cannot stand in for sysfs"));
  }
  if (mount.type.empty())
    throw Error(cat("mount ", path, ": no type, and neither bind nor rbind among its options"));
  if (mount.type != "cgroup") return plan_file_system(plan, mount, options, path);
  if (!inputs.cgroup_v2) return plan_cgroup_v1(plan, inputs, options, path);
  Mount v2 = mount;
  v2.type = v2.source = "cgroup2";
  plan_file_system(plan, v2, options, path);
}

// Redirects, indexes and metadata-only copies would put marks into the upper directory that only
// overlay understands; it is to become a layer that anything can read. So a directory is renamed by
// copying, as on any other file system.
constexpr std::pair<std::string_view, std::string_view> kOverlayOptions[] = {
    {"redirect_dir", "off"}, {"index", "off"}, {"metacopy", "off"}, {"xino", "off"}};

// An image may have the same layer twice (two steps that changed nothing), overlayfs refuses the
// same directory twice (ELOOP). The upper one shows all that the lower one could, and hides all
// that it hides.
std::vector<std::string> without_repeats(const std::vector<std::string>& lower) {
  std::vector<std::string> result;
  for (auto it = lower.begin(); it != lower.end(); ++it) {
    if (std::find(it + 1, lower.end(), *it) == lower.end()) result.push_back(*it);
  }
  return result;
}

void plan_overlay_fs(Plan& plan, const Spec::Overlay& overlay) {
  plan.add(OpCode::fs_open, "overlay");
  plan.add(OpCode::fs_string, "source", "overlay");
  for (auto lower = overlay.lower.rbegin(); lower != overlay.lower.rend(); ++lower) {
    plan.add(OpCode::fs_string, "lowerdir+", *lower);
  }
  if (!overlay.upper.empty()) {
    plan.add(OpCode::fs_string, "upperdir", overlay.upper);
    plan.add(OpCode::fs_string, "workdir", overlay.work);
    if (overlay.throwaway) plan.add(OpCode::fs_flag, "volatile");
  }
  for (const auto& [key, value] : kOverlayOptions) plan.add(OpCode::fs_string, key, value);
  if (overlay.userxattr) plan.add(OpCode::fs_flag, "userxattr");
  plan.add(OpCode::fs_create).a = overlay.upper.empty() ? MOUNT_ATTR_RDONLY : 0;
  plan.add(OpCode::attach_root);
}

// mount(2)'s options are one page: names that do not fit become descriptors, /proc/self/fd/N.
void plan_overlay_mount(Plan& plan, const Spec::Overlay& overlay) {
  std::string tail;
  for (const auto& [key, value] : kOverlayOptions) tail.append(cat(",", key, "=", value));
  if (overlay.userxattr) tail += ",userxattr";
  if (overlay.throwaway && !overlay.upper.empty()) tail += ",volatile";
  size_t size = tail.size() + overlay.upper.size() + overlay.work.size() + 64;
  for (const auto& lower : overlay.lower) size += lower.size() + 1;
  const auto special = [](const std::string& path) {
    return path.find_first_of(":,\\") != std::string::npos;
  };
  const bool by_fd = size >= kOptionPage || special(overlay.upper) || special(overlay.work) ||
                     std::ranges::any_of(overlay.lower, special);
  int next = kFirstFd + 256;
  const auto name = [&](const std::string& path) {
    if (!by_fd) return path;
    plan.add(OpCode::open_path, path).a = static_cast<uint64_t>(next);
    return cat("/proc/self/fd/", next++);
  };
  std::string options = "lowerdir=";
  for (auto lower = overlay.lower.rbegin(); lower != overlay.lower.rend(); ++lower) {
    if (lower != overlay.lower.rbegin()) options += ':';
    options += name(*lower);
  }
  if (!overlay.upper.empty()) {
    options += cat(",upperdir=", name(overlay.upper));
    options += cat(",workdir=", name(overlay.work));
  }
  options += tail;
  if (options.size() >= kOptionPage)
    throw Error(cat("overlay: ", overlay.lower.size(), " layers are more than this kernel takes"));
  // Any directory serves as the place to mount on, in a mount namespace that is ours alone; the
  // lowest layer certainly exists.
  plan.add(OpCode::mount_at, overlay.lower[0], options).a = overlay.upper.empty() ? kMsRdonly : 0;
  plan.add(OpCode::attach_root).flags = kAttached;
}

uint64_t propagation_of(const std::string& name) {
  MountOptions options =
      parse_mount_options(Mount{"rootfsPropagation", "bind", "", {name}, {}, {}});
  if (!options.propagation)
    throw Error(cat("linux.rootfsPropagation: ", quoted(name), " is not known"));
  return options.propagation;
}

struct Node {
  std::string_view path;
  unsigned major, minor;
};
constexpr Node kDefaultNodes[] = {{"/dev/null", 1, 3},    {"/dev/zero", 1, 5},
                                  {"/dev/full", 1, 7},    {"/dev/random", 1, 8},
                                  {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
constexpr std::pair<std::string_view, std::string_view> kLinks[] = {
    {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
    {"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"}};

void add_node(Plan& plan, std::string_view path, uint64_t mode, dev_t number, uint64_t owner) {
  Op& op = plan.add(OpCode::device, path, path);
  op.a = mode;
  op.b = number;
  op.c = owner;
}

}  // namespace

void plan_root(Plan& plan, const Spec& spec, const PlanInputs& inputs) {
  if (spec.overlay) {
    if (spec.overlay->lower.empty()) throw Error("overlay: no lower directory");
    // An image of one layer that nothing may change needs no overlay; overlay itself insists on
    // two.
    Spec::Overlay overlay = *spec.overlay;
    overlay.lower = without_repeats(overlay.lower);
    if (overlay.lower.size() == 1 && overlay.upper.empty()) {
      plan.add(OpCode::open_tree, overlay.lower[0]).a = kTreeFlags;
      add_attr(plan, MOUNT_ATTR_RDONLY, 0, kMsPrivate, false);
      plan.add(OpCode::attach_root);
      return;
    }
    const auto fits = [](const std::string& path) { return path.size() < kOptionString; };
    const bool appends = inputs.overlay_appends && fits(overlay.upper) && fits(overlay.work) &&
                         std::ranges::all_of(overlay.lower, fits);
    return appends ? plan_overlay_fs(plan, overlay) : plan_overlay_mount(plan, overlay);
  }
  add_tree(plan, inputs.root, spec.root.path, true);
  add_attr(plan, 0, 0, kMsPrivate, true);
  plan.add(OpCode::attach_root);
}

void plan_mounts(Plan& plan, const Spec& spec, const PlanInputs& inputs) {
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    plan_mount(plan, spec.mounts[i], i < inputs.mounts.size() ? inputs.mounts[i] : MountTree{},
               inputs);
  }
}

void plan_devices(Plan& plan, const Spec& spec) {
  // A /dev of the host keeps what it has.
  const bool foreign = std::ranges::any_of(spec.mounts, [](const Mount& mount) {
    return clean_path("/" + mount.destination) == "/dev" && parse_mount_options(mount).bind;
  });
  if (foreign) return;
  for (const auto& [path, major, minor] : kDefaultNodes) {
    const auto same = [&](const Device& device) { return clean_path("/" + device.path) == path; };
    if (std::ranges::none_of(spec.linux_.devices, same))
      add_node(plan, path, S_IFCHR | 0666, makedev(major, minor), 0);
  }
  for (const auto& device : spec.linux_.devices) {
    const uint64_t type = device.type == "b" ? S_IFBLK : device.type == "p" ? S_IFIFO : S_IFCHR;
    if (device.type != "b" && device.type != "p" && device.type != "c" && device.type != "u") {
      throw Error(
          cat("linux.devices: ", device.path, ": type ", quoted(device.type), " is not known"));
    }
    add_node(plan, clean_path("/" + device.path), type | device.file_mode.value_or(0666),
             makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor)),
             static_cast<uint64_t>(device.uid.value_or(0)) << 32 | device.gid.value_or(0));
  }
  for (const auto& [path, target] : kLinks) plan.add(OpCode::symlink, path, target);
}

void plan_root_attributes(Plan& plan, const Spec& spec) {
  const std::string& propagation = spec.linux_.rootfs_propagation;
  if (!propagation.empty()) {
    Op& op = plan.add(OpCode::root_attr);
    op.c = propagation_of(propagation);
    op.flags = propagation.starts_with('r') ? kRecursive : 0;
  }
  if (spec.root.readonly) plan.add(OpCode::root_attr).a = MOUNT_ATTR_RDONLY;
}

}  // namespace mini::container
