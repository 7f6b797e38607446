#include "runtime/files/copy_up.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/file_copy.h"
#include "runtime/files/merged_tree.h"

namespace mini::files {
namespace {

void copy_entry(const MergedTree::Entry& entry, const Root& to) {
  const std::string shown = cat("copy of ", quoted(entry.path));
  if (entry.path.empty()) {
    copy_metadata(entry.directory, to.open("/", O_RDONLY | O_DIRECTORY).get(), entry.info, shown);
    return;
  }
  const auto [parent, name] = to.parent_of(entry.path);
  if (S_ISDIR(entry.info.st_mode)) {
    if (mkdirat(parent.get(), name.c_str(), 0700) < 0) throw SysError(shown);
    const Fd made = open_at(parent.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    copy_metadata(entry.directory, made.get(), entry.info, shown);
  } else {
    copy_file(entry, parent.get(), name, shown);
  }
}

// What is there already stays: a container that runs may have made it meanwhile.
void move_entries(const std::string& from, const std::string& to) {
  const Fd source = open_file(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const Fd target = open_file(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  struct stat info;  // before the moves change its times
  if (fstat(source.get(), &info) < 0) throw SysError(from);
  for (const std::string& name : list_directory(from)) {
    if (renameat2(source.get(), name.c_str(), target.get(), name.c_str(), RENAME_NOREPLACE) < 0 &&
        errno != EEXIST) {
      throw SysError(cat(to, ": move ", quoted(name), " here"));
    }
  }
  copy_metadata(source.get(), target.get(), info, to);
}

}  // namespace

bool has_unfinished_copy(const std::string& volume) {
  return exists(volume + "/_ready");
}

void finish_copy(const std::string& volume) {
  const std::string ready = volume + "/_ready", copy = volume + "/_copy";
  if (!exists(ready)) return;
  move_entries(ready, volume + "/_data");
  // Under its other name it is rubbish: half of it is never moved after a kill.
  remove_tree(copy);
  rename_path(ready, copy);
  remove_tree(copy);
}

void copy_up(const Overlay& image, const std::string& path, const std::string& volume) {
  const std::string data = volume + "/_data", copy = volume + "/_copy";
  finish_copy(volume);
  if (!list_directory(data).empty()) return;
  Overlay lower = image;
  lower.upper.clear();
  const MergedTree tree(lower);
  remove_tree(copy);
  make_directories(copy, 0700);
  const Root target(copy);
  const bool found =
      tree.walk(path, [&](const MergedTree::Entry& entry) { copy_entry(entry, target); });
  if (!found) {
    remove_tree(copy);
    return;
  }
  // Not for a directory alone: that happens at each start with a volume that stays empty.
  if (!list_directory(copy).empty()) sync_filesystem(copy);
  rename_path(copy, volume + "/_ready");
  sync_directory(volume);
  finish_copy(volume);
}

}  // namespace mini::files
