#include "runtime/files/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"

namespace mini::files {

// Straight getdents64: one call per few hundred names, no allocation but the names.
std::vector<std::string> read_names(int directory, const std::string& shown) {
  alignas(dirent64) char buffer[32 << 10];
  std::vector<std::string> names;
  for (;;) {
    const ssize_t size = getdents64(directory, buffer, sizeof buffer);
    if (size < 0) throw SysError(cat(shown, ": read the directory"));
    if (size == 0) return names;
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
  }
}

std::vector<std::string> names_of(int directory, const std::string& shown) {
  std::vector<std::string> names =
      read_names(open_at(directory, ".", O_RDONLY | O_DIRECTORY).get(), shown);
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_link(int directory, const std::string& name, const std::string& shown) {
  char target[PATH_MAX];
  const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof target);
  if (size < 0) throw SysError(shown);
  return {target, static_cast<size_t>(size)};
}

}  // namespace mini::files
