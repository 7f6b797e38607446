// What a container has changed in its image's files: its upper directory, read as overlay means it
// (`diff`, `export`; commit.h). Nothing is mounted, nothing of the container runs; while it runs,
// each file is seen as it is at that moment. The empty files and directories that mini made only to
// mount on them are not changes.
#pragma once

#include <string>
#include <vector>

#include "runtime/engine/record/engine.h"

namespace mini::engine {

enum class ChangeKind : char { modified = 'C', added = 'A', deleted = 'D' };

struct Change {
  ChangeKind kind;
  std::string path;  // absolute
};

// Sorted by path. A directory counts as modified when its owner, mode or time did, or when a name
// in it came or went, as Docker counts.
std::vector<Change> container_changes(const Engine& engine, const Record& record);

// All files, image and changes together, without what is mounted in them, as a tar.
void export_container(const Engine& engine, const Record& record, int out_fd);

}  // namespace mini::engine
