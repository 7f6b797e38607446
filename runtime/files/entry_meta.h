// The metadata of one entry of a tree, as a tar or a layer has it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace mini::files {

struct EntryMeta {
  uint32_t mode = 0644;  // permission bits, set-id and sticky
  uint32_t uid = 0, gid = 0;
  int64_t mtime = 0;  // seconds
  std::map<std::string, std::string> xattrs;
};

}  // namespace mini::files
