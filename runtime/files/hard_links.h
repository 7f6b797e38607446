// The files with several names that were met in a tree, each by its first name. One owner.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "runtime/files/metadata.h"

namespace mini::files {

class HardLinks {
 public:
  // The name under which the file was met before. Nothing the first time: then `path` is its name.
  std::optional<std::string> earlier(const Node& node, const std::string& path) {
    if (node.nlink < 2) return {};
    const auto [first, inserted] = first_.try_emplace({node.device, node.inode}, path);
    return inserted ? std::nullopt : std::optional(first->second);
  }

 private:
  std::map<std::pair<uint64_t, uint64_t>, std::string> first_;
};

}  // namespace mini::files
