#include "runtime/engine/files/changes.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/mount_stubs.h"
#include "runtime/engine/sandbox/sandbox_facts.h"
#include "runtime/files/attributes.h"
#include "runtime/files/merged_tree.h"
#include "runtime/files/tree_output.h"

namespace mini::engine {
namespace {

bool same_metadata(const struct stat& a, const struct stat& b) {
  return a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid;
}

bool same_time(const struct stat& a, const struct stat& b) {
  return a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

container::Spec::Overlay without_upper(container::Spec::Overlay overlay) {
  overlay.upper.clear();
  return overlay;
}

class Comparison {
 public:
  Comparison(const container::Spec::Overlay& overlay, const std::vector<std::string>& stubs)
      : lower_(without_upper(overlay)),
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
    const std::vector<std::string> names = list_directory(cat("/proc/self/fd/", fd, "/."));
    for (const std::string& name : names) entry(fd, name, cat(path, '/', name), seen);
    return seen;
  }

  void entry(int parent, const std::string& name, const std::string& path, Seen& seen) {
    struct stat info;
    if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) return;  // gone meanwhile
      throw SysError(quoted(path));
    }
    const std::optional<struct stat> before = lower_.find(path);
    if (files::is_whiteout(info)) {
      if (before) put(ChangeKind::deleted, path);
      seen.names |= before.has_value();
    } else if (S_ISDIR(info.st_mode)) {
      subdirectory(parent, name, path, info, before, seen);
    } else if (stubs_.contains(path) && S_ISREG(info.st_mode) && info.st_size == 0) {
      seen.stubs = true;
    } else {
      put(before ? ChangeKind::modified : ChangeKind::added, path);
      seen.names |= !before;
    }
  }

  void subdirectory(int parent, const std::string& name, const std::string& path,
                    const struct stat& info, const std::optional<struct stat>& before, Seen& seen) {
    const Fd fd = open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const size_t first = changes_.size();
    Seen inside = directory(fd.get(), path);
    const bool was_directory = before && S_ISDIR(before->st_mode);
    const bool opaque = was_directory && files::MergedTree::marks_opaque(fd.get(), userxattr_);
    if (opaque) inside.names |= hidden(fd.get(), path);
    if (stubs_.contains(path) && changes_.size() == first) {
      seen.stubs = true;
    } else if (!before) {
      put(ChangeKind::added, path);
      seen.names = true;
    } else if (!was_directory || opaque || inside.names || !same_metadata(info, *before) ||
               (!inside.stubs && !same_time(info, *before))) {
      put(ChangeKind::modified, path);
    }
    if (before && inside.stubs) seen.stubs = true;
  }

  // A directory that was recreated: what the image had in it is gone.
  bool hidden(int fd, const std::string& path) {
    bool any = false;
    lower_.walk(path, [&](const files::MergedTree::Entry& entry) {
      if (entry.path.empty() || entry.path.find('/') != std::string::npos) return;
      struct stat info;
      if (fstatat(fd, entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) return;
      put(ChangeKind::deleted, cat(path, '/', entry.name));
      any = true;
    });
    return any;
  }

  const files::MergedTree lower_;
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
  const files::MergedTree tree(overlay_of(engine, record));
  files::TreeOutput output(out_fd);
  tree.walk("/", [&](const files::MergedTree::Entry& entry) { output.add(entry.path, entry); });
  output.finish();
}

}  // namespace mini::engine
