// A private directory <root>/tmp/<random>, for what is still being made. Its owner holds the lock
// <root>/tmp/<random>.lock, so that what a dead process left is told from what a living one is
// using, without pids. Removed by its owner; after a crash by `remove_dead`. Throws SysError.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::files {

class Scratch {
 public:
  explicit Scratch(const StatePaths& paths);
  Scratch(Scratch&& other) noexcept;
  Scratch& operator=(Scratch&& other) noexcept;
  ~Scratch();  // removes the directory and its lock

  const std::string& path() const { return path_; }
  // The directory becomes `target` (which may exist only as an empty directory); false when
  // something is there already.
  bool move_to(const std::string& target);

  // Removes the directories whose owners died; two directory reads when there is none.
  static void remove_dead(const StatePaths& paths);

 private:
  void remove() noexcept;
  std::string path_;  // empty: moved away
  std::optional<FileLock> lock_;
};

}  // namespace mini::files
