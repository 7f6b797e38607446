// Entries of a walk -> a tar, on a descriptor that may be a pipe (`export`, `cp CONTAINER:PATH -`).
// Owners, modes, times, attributes and hard links are kept; sockets are left out, as they are from
// layers. A directory comes before its content. Throws SysError, and Error when a file becomes
// shorter while it is read; what was written is worth nothing then.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "runtime/files/hash_stream.h"
#include "runtime/files/merged_tree.h"
#include "runtime/files/tar_writer.h"

namespace mini::files {

class TreeOutput {
 public:
  explicit TreeOutput(int fd) : out_(fd), tar_(out_) {}

  void add(const std::string& path, const MergedTree::Entry& entry);  // "" is the root
  void finish();

 private:
  void file(const std::string& path, const MergedTree::Entry& entry, TarEntry& described);
  bool is_link(const struct stat& info, TarEntry& described);

  HashStream out_;
  TarWriter tar_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace mini::files
