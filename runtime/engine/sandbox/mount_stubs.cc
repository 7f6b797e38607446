#include "runtime/engine/sandbox/mount_stubs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/directory.h"
#include "runtime/files/view.h"

namespace mini::engine {
namespace {

std::string parent_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/'));
}

bool is_deeper(const std::string& a, const std::string& b) {
  const auto depth = [](const std::string& path) {
    return std::count(path.begin(), path.end(), '/');
  };
  return depth(a) != depth(b) ? depth(a) > depth(b) : a > b;
}

// False when something is in it. The directory's own time stays: when mini cleaned up is not part
// of a layer.
bool take_away(int directory, const std::string& name, int flags) {
  struct stat before;
  if (fstat(directory, &before) < 0) throw SysError(quoted(name));
  if (unlinkat(directory, name.c_str(), flags) < 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) return false;
    throw SysError(cat("remove ", quoted(name)));
  }
  const timespec times[2] = {before.st_atim, before.st_mtim};
  if (futimens(directory, times) < 0) throw SysError(cat(quoted(name), ": set the time"));
  return true;
}

std::vector<std::string> destinations_of(const std::vector<container::Mount>& mounts) {
  std::vector<std::string> result;
  for (const container::Mount& mount : mounts) result.push_back(mount.destination);
  return result;
}

}  // namespace

MountStubs::MountStubs(const container::Spec& spec)
    : MountStubs(*spec.overlay, destinations_of(spec.mounts)) {}

MountStubs::MountStubs(const container::Spec::Overlay& overlay,
                       const std::vector<std::string>& targets)
    : overlay_(overlay) {
  const files::View tree = files::View::of_overlay(overlay_);
  std::set<std::string> known;
  const auto look = [&](const std::string& destination) {
    for (std::string path = clean_path(destination); path.size() > 1; path = parent_of(path)) {
      if (!known.insert(path).second) return;
      if (tree.find(path)) return;  // so its parents are there too
      missing_.push_back(path);
    }
  };
  for (const std::string& target : targets) {
    // What is inside another file system of the sandbox never reaches the layer.
    if (target.starts_with("/dev/") || target.starts_with("/sys/") || target.starts_with("/proc/"))
      continue;
    look(target);
  }
  std::sort(missing_.begin(), missing_.end(), is_deeper);
}

void MountStubs::remove() const {
  const Fd upper = open_file(overlay_.upper, O_RDONLY | O_DIRECTORY);
  const Root root(upper.duplicate(), overlay_.upper);
  for (const std::string& path : missing_) {
    // Through no link: what the command put here instead is its own.
    const auto directory = root.open_if_exists(parent_of(path) + "/", O_RDONLY | O_DIRECTORY);
    if (!directory) continue;
    const std::string name = path.substr(path.find_last_of('/') + 1);
    struct stat info;
    if (fstatat(directory->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISDIR(info.st_mode)) {
      take_away(directory->get(), name, AT_REMOVEDIR);  // refused unless it is empty
    } else if (S_ISREG(info.st_mode) && info.st_size == 0) {
      take_away(directory->get(), name, 0);
    }
    tidy_parents(upper.get(), parent_of(path));
  }
}

// Making a stub in a directory of the image copied that directory into the layer. Empty and as it
// was, it says nothing.
void MountStubs::tidy_parents(int upper, std::string path) const {
  container::Spec::Overlay below = overlay_;
  below.upper.clear();
  if (below.lower.empty()) return;
  const files::View lower = files::View::of_overlay(below);
  const Root root(open_at(upper, ".", O_RDONLY | O_DIRECTORY), overlay_.upper);
  for (; path.size() > 1; path = parent_of(path)) {
    const auto copy = root.open_if_exists(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const auto before = lower.find(path);
    if (!copy || !before || !files::node_of(copy->get(), path).same_metadata(*before)) return;
    if (files::is_opaque(copy->get(), overlay_.userxattr) ||
        !files::names_of(copy->get(), path).empty())
      return;
    const auto [parent, name] = root.parent_of(path);
    if (!take_away(parent.get(), name, AT_REMOVEDIR)) return;
  }
}

}  // namespace mini::engine
