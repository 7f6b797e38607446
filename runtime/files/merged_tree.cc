#include "runtime/files/merged_tree.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"

namespace mini::files {
namespace {

constexpr int kLinkLimit = 40;  // as the kernel's
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// In front of what is still to be walked.
void prepend(std::deque<std::string>& names, const std::string& path) {
  std::vector<std::string> parts = split(path, '/');
  names.insert(names.begin(), parts.begin(), parts.end());
}

}  // namespace

MergedTree::MergedTree(const Overlay& overlay) : userxattr_(overlay.userxattr) {
  const auto add = [this](const std::string& layer) {
    top_.push_back(open_file(layer, O_RDONLY | O_DIRECTORY));
  };
  if (!overlay.upper.empty()) add(overlay.upper);
  for (auto layer = overlay.lower.rbegin(); layer != overlay.lower.rend(); ++layer) add(*layer);
}

bool MergedTree::marks_opaque(int directory, bool userxattr) {
  char value = 0;
  const char* name = userxattr ? "user.overlay.opaque" : "trusted.overlay.opaque";
  return fgetxattr(directory, name, &value, 1) == 1 && value == 'y';
}

std::optional<MergedTree::Found> MergedTree::look_up(const Level& level,
                                                     const std::string& name) const {
  Found found;
  for (const Fd& part : level) {
    struct stat info;
    if (fstatat(part.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) continue;
      throw SysError(quoted(name));
    }
    if (is_whiteout(info)) break;
    if (!S_ISDIR(info.st_mode)) {
      if (!found.parts.empty()) break;  // a directory above hides it
      found.info = info;
      found.parent = part.get();
      found.name = name;
      return found;
    }
    Fd directory(openat(part.get(), name.c_str(), kDirectory));
    if (!directory) throw SysError(quoted(name));
    if (found.parts.empty()) found.info = info;
    const bool last = marks_opaque(directory.get(), userxattr_);
    found.parts.push_back(std::move(directory));
    if (last) break;
  }
  if (found.parts.empty()) return {};
  return found;
}

std::optional<MergedTree::Found> MergedTree::resolve(const std::string& path, bool follow_last,
                                                     std::vector<Level>& levels) const {
  std::deque<std::string> names;
  prepend(names, path);
  levels.clear();
  const auto current = [&]() -> const Level& { return levels.empty() ? top_ : levels.back(); };
  int links = 0;
  while (!names.empty()) {
    const std::string name = std::move(names.front());
    names.pop_front();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (!levels.empty()) levels.pop_back();
      continue;
    }
    std::optional<Found> found = look_up(current(), name);
    if (!found) return {};
    if (!found->parts.empty()) {
      levels.push_back(std::move(found->parts));
      continue;
    }
    if (!S_ISLNK(found->info.st_mode) || (names.empty() && !follow_last)) {
      if (!names.empty()) return {};
      return found;
    }
    if (++links > kLinkLimit) return {};
    char target[PATH_MAX];
    const ssize_t size = readlinkat(found->parent, name.c_str(), target, sizeof target);
    if (size < 0) throw SysError(quoted(path));
    const std::string text(target, static_cast<size_t>(size));
    if (text.starts_with('/')) levels.clear();
    prepend(names, text);
  }
  Found directory;
  if (fstat(current().front().get(), &directory.info) < 0) throw SysError(quoted(path));
  return directory;
}

std::optional<struct stat> MergedTree::find(const std::string& path) const {
  std::vector<Level> levels;
  const std::optional<Found> found = resolve(path, false, levels);
  if (!found) return {};
  return found->info;
}

std::optional<std::string> MergedTree::read_regular(const std::string& path, size_t limit) const {
  std::vector<Level> levels;
  const std::optional<Found> found = resolve(path, true, levels);
  if (!found) return {};
  const std::string shown = cat("the image's ", path);
  if (!S_ISREG(found->info.st_mode)) throw Error(cat(shown, ": not a regular file"));
  const Fd fd = open_at(found->parent, found->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  struct stat info;
  if (fstat(fd.get(), &info) < 0) throw SysError(shown);
  if (!S_ISREG(info.st_mode)) throw Error(cat(shown, ": not a regular file"));
  if (static_cast<uint64_t>(info.st_size) > limit) {
    throw Error(cat(shown, ": larger than ", limit, " bytes"));
  }
  return read_all(fd.get(), shown, limit);
}

void MergedTree::walk_level(const Level& level, const std::string& path,
                            const std::function<void(const Entry&)>& visit) const {
  std::set<std::string> names;
  for (const Fd& part : level) {
    for (std::string& name : list_directory(cat("/proc/self/fd/", part.get(), "/.")))
      names.insert(std::move(name));
  }
  for (const std::string& name : names) {
    const std::optional<Found> found = look_up(level, name);
    if (!found) continue;
    const bool directory = !found->parts.empty();
    const std::string below = path.empty() ? name : cat(path, '/', name);
    visit({below, found->info, directory ? found->parts.front().get() : found->parent, name});
    if (directory) walk_level(found->parts, below, visit);
  }
}

bool MergedTree::walk(const std::string& path,
                      const std::function<void(const Entry&)>& visit) const {
  std::vector<Level> levels;
  const std::optional<Found> found = resolve(path, true, levels);
  if (!found || found->parent >= 0) return false;
  const Level& level = levels.empty() ? top_ : levels.back();
  visit({"", found->info, level.front().get(), ""});
  walk_level(level, "", visit);
  return true;
}

}  // namespace mini::files
