// The names of containers: <root>/containers/names/<name> holds the id of its container, made with
// O_EXCL. Used by ContainerStore only, which knows whether the container that a name points to
// exists.
#pragma once

#include <string>

#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"

namespace mini::engine {

bool is_container_name(std::string_view name);
// Nothing when somebody else holds it, or when the directory has just gone.
std::optional<FileLock> try_lock_directory(const std::string& directory, LockMode mode);

bool is_id_prefix(std::string_view text);  // of a container's id
bool is_id(std::string_view text);

std::string names_directory(const StatePaths& paths);
void make_names_directory(const StatePaths& paths);
// Everything that changes which name belongs to whom. Taken after a container's own lock, never
// before it.
FileLock lock_names(const StatePaths& paths);
std::string owner_of_name(const StatePaths& paths, const std::string& name);  // empty: not taken
void put_name(const StatePaths& paths, const std::string& name, const std::string& id);
// Only when it is this container's.
void take_name(const StatePaths& paths, const std::string& name, const std::string& id);

// For locking a directory itself: with the slash, a missing one is an error and is not made as a
// file.
std::string itself(const std::string& directory);

}  // namespace mini::engine
