#include "runtime/files/copy_up.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/root.h"
#include "runtime/base/text.h"
#include "runtime/files/file_copy.h"
#include "runtime/files/tree_copy.h"
#include "runtime/files/view.h"

namespace mini::files {
namespace {

// What is there already stays: a container that runs may have made it meanwhile.
void move_entries(const std::string& from, const std::string& to) {
  const Fd source = open_file(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const Fd target = open_file(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const Node node = node_of(source.get(), from);  // before the moves change its times
  for (const std::string& name : list_directory(from)) {
    if (renameat2(source.get(), name.c_str(), target.get(), name.c_str(), RENAME_NOREPLACE) < 0 &&
        errno != EEXIST) {
      throw SysError(cat(to, ": move ", quoted(name), " here"));
    }
  }
  copy_metadata(source.get(), target.get(), node, to);
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
  remove_tree(copy);
  make_directories(copy, 0700);
  const bool found = copy_directory(View::of_overlay(lower), path, Root(copy), {});
  if (!found) return remove_tree(copy);
  // Not for a directory alone: that happens at each start with a volume that stays empty.
  if (!list_directory(copy).empty()) sync_filesystem(copy);
  rename_path(copy, volume + "/_ready");
  sync_directory(volume);
  finish_copy(volume);
}

}  // namespace mini::files
