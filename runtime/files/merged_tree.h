// An overlay as a container will see it, without mounting it: finds names in the upper and the
// lower directories by overlayfs's rules (upper first, whiteouts, opaque directories) and follows
// links inside the merged view only. For the few small files that a start has to read before
// anything is mounted (/etc/passwd), to see whether a mount's target is there, and to fill a new
// volume. Every layer is hostile. Throws SysError.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/overlay.h"

namespace mini::files {

class MergedTree {
 public:
  explicit MergedTree(const Overlay& overlay);

  // A regular file of at most `limit` bytes; nothing when it is missing. Throws for anything else
  // at that name.
  std::optional<std::string> read_regular(const std::string& path, size_t limit) const;
  // What is at `path`; a link at its end is not followed.
  std::optional<struct stat> find(const std::string& path) const;

  struct Entry {
    std::string path;  // below the walk's start; "" is the start itself
    struct stat info;
    int directory;  // of a directory: itself; of anything else: the one that holds it
    std::string name;
  };
  // Everything in the directory `path`, a directory before its content; false when there is no such
  // directory.
  bool walk(const std::string& path, const std::function<void(const Entry&)>& visit) const;

  // Overlay's mark on a directory that hides everything below it.
  static bool marks_opaque(int directory, bool userxattr);

 private:
  // One merged directory: its parts, uppermost first.
  using Level = std::vector<Fd>;
  struct Found {
    struct stat info;
    Level parts;      // of a directory
    int parent = -1;  // of anything else: the directory that holds it
    std::string name;
  };

  std::optional<Found> look_up(const Level& level, const std::string& name) const;
  void walk_level(const Level& level, const std::string& path,
                  const std::function<void(const Entry&)>& visit) const;
  // `levels`: the directories on the way, below the top; they keep the result's descriptors open.
  std::optional<Found> resolve(const std::string& path, bool follow_last,
                               std::vector<Level>& levels) const;

  Level top_;  // the layers, uppermost first
  bool userxattr_;
};

}  // namespace mini::files
