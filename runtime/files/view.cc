#include "runtime/files/view.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/files/attributes.h"
#include "runtime/files/directory.h"

namespace mini::files {
namespace {

constexpr int kLinkLimit = 40;  // as the kernel's

}  // namespace

View View::of_directory(Fd directory, const std::string& name) {
  View view;
  view.name_ = name;
  view.top_.push_back({0, std::move(directory)});
  return view;
}

View View::of_layers(const std::vector<std::string>& directories) {
  Overlay overlay;
  overlay.lower = directories;
  overlay.userxattr = geteuid() != 0;
  return of_overlay(overlay);
}

View View::of_overlay(const Overlay& overlay) {
  View view;
  view.name_ = "the image's files";
  view.overlay_ = true;
  view.userxattr_ = overlay.userxattr;
  if (!overlay.upper.empty()) view.add(overlay.upper);
  for (auto it = overlay.lower.rbegin(); it != overlay.lower.rend(); ++it) view.add(*it);
  return view;
}

void View::add(const std::string& layer) {
  top_.push_back({static_cast<uint32_t>(top_.size()), open_file(layer, O_RDONLY | O_DIRECTORY)});
}

std::string View::shown(const std::string& path) const {
  return cat(name_, ": ", quoted(path));
}

std::optional<View::Child> View::child(const Directory& directory, const std::string& name,
                                       const std::string& path) const {
  std::optional<Child> found;
  for (const Part& part : directory) {
    struct stat info;
    if (fstatat(part.fd.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) continue;
      throw SysError(shown(path));
    }
    const Node node = node_of(info, part.layer);
    if (overlay_ && node.is_whiteout()) break;
    if (!node.is_directory()) {
      if (!found) found = Child{node, part.fd.get(), {}};
      break;  // or a directory above hides it
    }
    Fd below(openat(part.fd.get(), name.c_str(), kDirectoryFlags));
    if (!below) throw SysError(shown(path));
    if (!found) found = Child{node, part.fd.get(), {}};
    found->below.push_back({part.layer, std::move(below)});
    if (!overlay_ || is_opaque(found->below.back().fd.get(), userxattr_)) break;
  }
  return found;
}

// A path on its way: the names from the root to where it is, and what is still to be walked.
struct View::Trail {
  struct Level {
    std::string name;
    std::optional<Node> node;
    Directory below;
  };
  const View& view;
  const std::string& asked;  // for errors
  std::vector<Level> levels;
  std::deque<std::string> rest;
  int links = 0;

  void prepend(const std::string& path) {
    std::vector<std::string> parts = split(path, '/');
    rest.insert(rest.begin(), std::make_move_iterator(parts.begin()),
                std::make_move_iterator(parts.end()));
  }

  std::string path() const {
    std::string out;
    for (const Level& level : levels) out = join_path(out, level.name);
    return out;
  }

  // Nothing when what the path has come to is no directory.
  const Directory* here() const {
    if (levels.empty()) return &view.top_;
    const Level& last = levels.back();
    return last.node && last.node->is_directory() ? &last.below : nullptr;
  }

  bool at_end() const {
    return std::all_of(rest.begin(), rest.end(),
                       [](const std::string& part) { return part.empty(); });
  }

  // False after too many links.
  bool run(bool follow_last) {
    while (!rest.empty()) {
      std::string name = std::move(rest.front());
      rest.pop_front();
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        if (!levels.empty()) levels.pop_back();
        continue;
      }
      std::optional<Child> next;
      if (const Directory* directory = here()) next = view.child(*directory, name, asked);
      if (!next) {
        levels.push_back({std::move(name), {}, {}});
      } else if (!next->node.is_link() || (!follow_last && at_end())) {
        levels.push_back({std::move(name), next->node, std::move(next->below)});
      } else {
        if (++links > kLinkLimit) return false;
        const std::string target = read_link(next->holder, name, view.shown(asked));
        if (target.starts_with('/')) levels.clear();
        prepend(target);
      }
    }
    return true;
  }
};

std::optional<View::Resolved> View::follow(const std::string& path, bool follow_last) const {
  if (path.find('\0') != std::string::npos) throw SysError(EINVAL, quoted(path));
  Trail trail{*this, path, {}, {}, 0};
  trail.prepend(path);
  if (!trail.run(follow_last)) return {};
  if (!trail.levels.empty()) return Resolved{trail.path(), trail.levels.back().node};
  if (!top_.empty()) return Resolved{"", node_of(top_[0].fd.get(), name_)};
  Node scratch;
  scratch.mode = S_IFDIR | 0755;
  return Resolved{"", scratch};
}

View::Resolved View::resolve(const std::string& path, bool follow_last) const {
  if (std::optional<Resolved> found = follow(path, follow_last)) return *std::move(found);
  throw SysError(ELOOP, shown(path));
}

std::optional<Node> View::find(const std::string& path) const {
  const std::optional<Resolved> found = follow(path, /*follow_last=*/false);
  return found ? found->node : std::nullopt;
}

// Opened again: a descriptor that is read has a position, which threads must not share.
View::Directory View::open_top() const {
  Directory result;
  for (const Part& part : top_)
    result.push_back({part.layer, open_at(part.fd.get(), ".", kDirectoryFlags)});
  return result;
}

std::optional<View::Directory> View::open_directory(const std::string& path) const {
  if (path.empty()) return open_top();
  const Directory* current = &top_;
  std::optional<Child> next;
  std::string walked;
  for (const std::string& name : split(path, '/')) {
    walked = join_path(walked, name);
    next = child(*current, name, walked);
    if (!next || !next->node.is_directory()) return {};
    current = &next->below;
  }
  return std::move(next->below);
}

std::vector<Fd> View::directories(const std::string& path) const {
  std::vector<Fd> result;
  if (std::optional<Directory> directory = open_directory(path)) {
    for (Part& part : *directory) result.push_back(std::move(part.fd));
  }
  return result;
}

// A regular file or a directory of the layer that `node` says.
Fd View::open_entry(const std::string& path, const Node& node) const {
  Fd current;
  int at = top_.at(node.layer).fd.get();
  const std::vector<std::string> parts = split(path, '/');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    Fd next(openat(at, parts[i].c_str(), kDirectoryFlags));
    if (!next) throw SysError(shown(path));
    current = std::move(next);
    at = current.get();
  }
  // Without blocking: what was a file may be a FIFO by now.
  Fd fd(openat(at, parts.back().empty() ? "." : parts.back().c_str(),
               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) throw SysError(shown(path));
  return fd;
}

void View::expect_unchanged(int fd, const std::string& path, const Node& node) const {
  if (!node_of(fd, shown(path)).same_file(node))
    throw Error(cat(shown(path), ": changed while the build read it"), "build again");
}

Fd View::open(const std::string& path, const Node& node) const {
  Fd fd = open_entry(path, node);
  expect_unchanged(fd.get(), path, node);
  return fd;
}

std::optional<std::string> View::read_regular(const std::string& path, size_t limit) const {
  const std::optional<Resolved> found = follow(path, /*follow_last=*/true);
  if (!found || !found->node) return {};
  const std::string text = cat("the image's ", path.starts_with('/') ? "" : "/", path);
  if (!found->node->is_regular()) throw Error(cat(text, ": not a regular file"));
  const Fd fd = open_entry(found->path, *found->node);
  const Node now = node_of(fd.get(), text);
  if (!now.is_regular()) throw Error(cat(text, ": not a regular file"));
  if (now.size > limit) throw Error(cat(text, ": larger than ", limit, " bytes"));
  return read_all(fd.get(), text, limit);
}

std::map<std::string, std::string> View::attributes(const std::string& path,
                                                    const Node& node) const {
  if (!node.is_directory() && !node.is_regular()) return {};
  return read_attributes(open_entry(path, node).get(), nullptr, false, shown(path)).kept;
}

}  // namespace mini::files
