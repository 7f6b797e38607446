#include "builder/build/source/directory_names.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "runtime/base/error.h"

namespace mini::build {

void read_names(int directory, std::vector<std::string>& names) {
  alignas(dirent64) char buffer[32 << 10];
  for (;;) {
    const long size = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
    if (size < 0) throw SysError("reading a directory");
    if (size == 0) return;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const char* name = entry->d_name;
      if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) names.emplace_back(name);
    }
  }
}

}  // namespace mini::build
