#include "runtime/engine/record/container_names.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/engine/record/container_store.h"

namespace mini::engine {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

bool is_container_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && is_name_character(name[0]) && name[0] != '_' &&
         name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

void check_container_name(const std::string& name) {
  if (is_container_name(name)) return;
  throw Error(cat("container name ", quoted(name),
                  ": only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed, at most 255 characters"),
              {}, ErrorKind::usage);
}

bool is_id_prefix(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

bool is_id(std::string_view text) {
  return text.size() == 64 && is_id_prefix(text);
}

std::string itself(const std::string& directory) {
  return directory + "/";
}

std::optional<FileLock> try_lock_directory(const std::string& directory, LockMode mode) {
  try {
    return FileLock::try_acquire(itself(directory), mode);
  } catch (const SysError& error) {
    if (error.code() == ENOENT) return {};
    throw;
  }
}

std::string names_directory(const StatePaths& paths) {
  return paths.root + "/containers/names";
}

void make_names_directory(const StatePaths& paths) {
  make_directories(paths.root, 0700);  // the root itself is private
  make_directories(names_directory(paths), 0711);
}

FileLock lock_names(const StatePaths& paths) {
  // A process that creates a store may be killed between its parent and this.
  if (access(names_directory(paths).c_str(), F_OK) < 0) make_names_directory(paths);
  return FileLock::acquire(itself(names_directory(paths)), LockMode::exclusive,
                           "the containers' names");
}

std::string owner_of_name(const StatePaths& paths, const std::string& name) {
  return read_file_if_exists(cat(names_directory(paths), '/', name)).value_or("");
}

void put_name(const StatePaths& paths, const std::string& name, const std::string& id) {
  const std::string path = cat(names_directory(paths), '/', name);
  write_all(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644).get(), id, path);
}

void take_name(const StatePaths& paths, const std::string& name, const std::string& id) {
  if (name.empty() || owner_of_name(paths, name) != id) return;
  unlink(cat(names_directory(paths), '/', name).c_str());
}

}  // namespace mini::engine
