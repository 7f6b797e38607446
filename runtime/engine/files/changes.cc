#include "runtime/engine/files/changes.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/mount_stubs.h"
#include "runtime/engine/sandbox/sandbox_facts.h"
#include "runtime/files/attributes.h"
#include "runtime/files/directory.h"
#include "runtime/files/tree_tar.h"
#include "runtime/files/view.h"

namespace mini::engine {
namespace {

container::Spec::Overlay without_upper(container::Spec::Overlay overlay) {
  overlay.upper.clear();
  return overlay;
}

class Comparison {
 public:
  Comparison(const container::Spec::Overlay& overlay, const std::vector<std::string>& stubs)
      : lower_(files::View::of_overlay(without_upper(overlay))),
        stubs_(stubs.begin(), stubs.end()),
        userxattr_(overlay.userxattr) {}

  std::vector<Change> run(const std::string& upper) {
    const Fd top = open_file(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    directory(top.get(), "");
    std::sort(changes_.begin(), changes_.end(),
              [](const Change& a, const Change& b) { return a.path < b.path; });
    return std::move(changes_);
  }

 private:
  struct Seen {
    bool names = false;  // came or went
    bool stubs = false;
  };

  void put(ChangeKind kind, const std::string& path) { changes_.push_back({kind, path}); }

  Seen directory(int fd, const std::string& path) {
    Seen seen;
    for (const std::string& name : files::names_of(fd, path))
      entry(fd, name, cat(path, '/', name), seen);
    return seen;
  }

  void entry(int parent, const std::string& name, const std::string& path, Seen& seen) {
    const std::optional<files::Node> now = files::node_at(parent, name);
    if (!now) return;  // gone meanwhile
    const std::optional<files::Node> before = lower_.find(path);
    if (now->is_whiteout()) {
      if (before) put(ChangeKind::deleted, path);
      seen.names |= before.has_value();
    } else if (now->is_directory()) {
      subdirectory(parent, name, path, *now, before, seen);
    } else if (stubs_.contains(path) && now->is_regular() && now->size == 0) {
      seen.stubs = true;
    } else {
      put(before ? ChangeKind::modified : ChangeKind::added, path);
      seen.names |= !before;
    }
  }

  void subdirectory(int parent, const std::string& name, const std::string& path,
                    const files::Node& now, const std::optional<files::Node>& before, Seen& seen) {
    const Fd fd = open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const size_t first = changes_.size();
    Seen inside = directory(fd.get(), path);
    const bool was_directory = before && before->is_directory();
    const bool opaque = was_directory && files::is_opaque(fd.get(), userxattr_);
    if (opaque) inside.names |= hidden(fd.get(), path);
    if (stubs_.contains(path) && changes_.size() == first) {
      seen.stubs = true;
    } else if (!before) {
      put(ChangeKind::added, path);
      seen.names = true;
    } else if (!was_directory || opaque || inside.names || !now.same_metadata(*before) ||
               (!inside.stubs && !files::same_time(now.mtime, before->mtime))) {
      put(ChangeKind::modified, path);
    }
    if (before && inside.stubs) seen.stubs = true;
  }

  // A directory that was recreated: what the image had in it is gone.
  bool hidden(int fd, const std::string& path) {
    bool any = false;
    for (const std::string& name : lower_.names(lower_.resolve(path).path)) {
      if (files::node_at(fd, name)) continue;
      put(ChangeKind::deleted, cat(path, '/', name));
      any = true;
    }
    return any;
  }

  const files::View lower_;
  const std::set<std::string> stubs_;
  const bool userxattr_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> container_changes(const Engine& engine, const Record& record) {
  const container::Spec::Overlay overlay = overlay_of(engine, record);
  const MountStubs stubs(without_upper(overlay), mount_targets(record));
  return Comparison(overlay, stubs.missing()).run(overlay.upper);
}

void export_container(const Engine& engine, const Record& record, int out_fd) {
  files::write_view_tar(files::View::of_overlay(overlay_of(engine, record)), "", out_fd);
}

}  // namespace mini::engine
