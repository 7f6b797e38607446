#include "builder/build/mount_stubs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "runtime/base/text.h"

namespace mini::build {
namespace {

constexpr const char* kSandboxTargets[] = {"/proc",          "/sys",      "/dev",
                                           "/etc/resolv.conf", "/etc/hosts", "/etc/hostname"};

// The opened directory that holds `path`, and the name in it.
std::pair<Fd, std::string> open_parent(const std::string& root, const std::string& path) {
  Fd current(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<std::string> parts = split(path, '/');
  const std::string name = parts.back();
  parts.pop_back();
  for (const std::string& part : parts) {
    if (!current) break;
    current.reset(openat(current.get(), part.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  return {std::move(current), name};
}

bool has_own_attributes(int parent, const std::string& name) {
  const Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return true;
  std::string list(64 << 10, '\0');
  const ssize_t size = flistxattr(fd.get(), list.data(), list.size());
  if (size < 0) return true;
  list.resize(static_cast<size_t>(size));
  for (const std::string& attribute : split(list, '\0')) {
    if (attribute == "trusted.overlay.opaque" || attribute == "user.overlay.opaque") return true;
    if (!attribute.empty() && !attribute.starts_with("trusted.overlay.") &&
        !attribute.starts_with("user.overlay.")) {
      return true;
    }
  }
  return false;
}

}  // namespace

MountStubs::MountStubs(const FileView& lower, const std::vector<std::string>& targets) {
  std::vector<std::string> all(std::begin(kSandboxTargets), std::end(kSandboxTargets));
  all.insert(all.end(), targets.begin(), targets.end());
  std::set<std::string> paths;
  for (const std::string& target : all) {
    const FileView::Resolved found = lower.resolve(target);
    if (found.node) continue;  // mounted on what was there
    for (std::string path = found.path; !path.empty();) {
      paths.insert(path);
      const size_t slash = path.rfind('/');
      path.resize(slash == std::string::npos ? 0 : slash);
    }
  }
  for (auto it = paths.rbegin(); it != paths.rend(); ++it) {
    stubs_.push_back({*it, lower.resolve(*it, /*follow_last=*/false).node});
  }
}

void MountStubs::remove_from(const std::string& upper) const {
  for (const Stub& stub : stubs_) {
    const auto [parent, name] = open_parent(upper, stub.path);
    struct stat info;
    if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISREG(info.st_mode) && !stub.below && info.st_size == 0) {
      unlinkat(parent.get(), name.c_str(), 0);
      continue;
    }
    if (!S_ISDIR(info.st_mode)) continue;
    // A directory that was there below stays unless it is nothing but its copy.
    const bool changed = stub.below && (stub.below->mode != info.st_mode ||
                                        stub.below->uid != info.st_uid ||
                                        stub.below->gid != info.st_gid);
    if (changed || has_own_attributes(parent.get(), name)) continue;
    unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);  // fails when it holds something
  }
}

}  // namespace mini::build
