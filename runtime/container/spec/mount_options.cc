#include "runtime/container/spec/mount_options.h"

#include <linux/mount.h>

#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

constexpr uint64_t kUnbindable = 1 << 17, kPrivate = 1 << 18, kSlave = 1 << 19, kShared = 1 << 20;

struct Flag {
  std::string_view name;
  uint64_t set, clear;
};

// Each also exists with an "r" in front: the same for all mounts below.
constexpr Flag kFlags[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    {"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    {"norelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
    {"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
};

struct Propagation {
  std::string_view name;
  uint64_t value;
};
constexpr Propagation kPropagations[] = {
    {"private", kPrivate}, {"slave", kSlave}, {"shared", kShared}, {"unbindable", kUnbindable}};

// Later options win over earlier ones.
void apply(const Flag& flag, uint64_t& set, uint64_t& clear) {
  set = (set & ~(flag.set | flag.clear)) | flag.set;
  clear = (clear & ~flag.set) | flag.clear;
}

bool take_flag(std::string_view option, MountOptions& out) {
  for (const auto& flag : kFlags) {
    if (option == flag.name) return apply(flag, out.set, out.clear), true;
  }
  if (!option.starts_with('r')) return false;
  for (const auto& flag : kFlags) {
    if (option.substr(1) == flag.name) return apply(flag, out.set_below, out.clear_below), true;
  }
  return false;
}

bool take_propagation(std::string_view option, MountOptions& out) {
  for (const auto& [name, value] : kPropagations) {
    const bool below = option.starts_with('r') && option.substr(1) == name;
    if (option != name && !below) continue;
    out.propagation = value;
    out.propagate_below = below;
    return true;
  }
  return false;
}

bool take_own(std::string_view option, MountOptions& out) {
  if (option == "defaults" || option == "async" || option == "nofail" || option.empty())
    return true;
  if (option == "bind" || option == "rbind") {
    out.bind = true;
    out.recursive = option == "rbind";
  } else if (option == "tmpcopyup") {
    out.copy_up = true;
  } else if (option == "idmap" || option == "ridmap") {
    out.idmap = true;
    out.idmap_below = option == "ridmap";
  } else {
    return false;
  }
  return true;
}

}  // namespace

MountOptions parse_mount_options(const Mount& mount) {
  MountOptions out;
  if (mount.type == "bind") out.bind = true;
  for (const auto& option : mount.options) {
    if (take_flag(option, out) || take_propagation(option, out) || take_own(option, out)) continue;
    const size_t equals = option.find('=');
    out.data.emplace_back(option.substr(0, equals),
                          equals == std::string::npos ? "" : option.substr(equals + 1));
  }
  if (!mount.uid_mappings.empty() || !mount.gid_mappings.empty()) out.idmap = true;
  const auto fail = [&](const std::string& why) {
    throw Error(cat("mount ", mount.destination, ": ", why));
  };
  if (out.bind && !out.data.empty()) {
    fail(cat("option ", quoted(out.data[0].first), " means nothing to a bind mount"));
  }
  if (out.copy_up && mount.type != "tmpfs") fail("tmpcopyup is for a tmpfs");
  if (out.idmap && mount.uid_mappings.empty())
    fail("idmap needs uidMappings and gidMappings of the mount");
  if (out.idmap && !out.bind) fail("only a bind mount can be id-mapped");
  return out;
}

std::string mount_attr_names(uint64_t attributes) {
  std::string names = attributes & MOUNT_ATTR_RDONLY ? "ro" : "rw";
  const auto add = [&](std::string_view name) { names.append(",").append(name); };
  for (const auto& flag : kFlags) {
    if (flag.set == 0 || flag.set == MOUNT_ATTR_RDONLY || flag.clear == MOUNT_ATTR__ATIME) continue;
    if (attributes & flag.set) add(flag.name);
  }
  if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME) add("noatime");
  if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME) add("strictatime");
  return names;
}

}  // namespace mini::container
