// Visited entries of a tree (view.h) -> a tar (tar_writer.h), which may go into a pipe. Owners,
// modes, times, kept attributes and hard links go along: of several names of a file the first in
// order is the file. Sockets are left out. Nothing is reached by a path: every name is opened in
// its directory's descriptor, without following links. Throws SysError, and Error when a file
// becomes shorter while it is read; what was written is worth nothing then.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/files/attributes.h"
#include "runtime/files/hard_links.h"
#include "runtime/files/hash_stream.h"
#include "runtime/files/tar_writer.h"
#include "runtime/files/view.h"

namespace mini::files {

struct TreeTarOptions {
  // A layer's tree on disk, in overlay's form: its marks become .wh. names, and the root's own
  // entry is there only when the root is not what a new tree is (mode 0755, owner 0:0, no
  // attributes, not opaque). Names that begin with .wh. and paths longer than kLongestPath are
  // errors then.
  bool layer = false;
  // Makes the tree equal to what the tar says: times are clamped to `epoch` and made whole,
  // attributes that layers do not keep and sockets are removed.
  bool normalise = false;
  int64_t epoch = std::numeric_limits<int64_t>::max();  // no time in the tar is later
  std::string shown;                                    // names the tree in errors
};

class TreeTar {
 public:
  explicit TreeTar(HashStream& out, TreeTarOptions options = {})
      : out_(out), tar_(out), options_(std::move(options)) {}

  // A directory before its content; "" is the root.
  void add(const std::string& path, const OpenEntry& entry);
  void leave(const OpenEntry& directory) const;  // after its content
  uint64_t finish();                             // the number of entries

 private:
  std::string shown(const std::string& path) const;
  void check_name(const std::string& path, const std::string& name) const;
  TarEntry described(const std::string& path, const Node& node, Attributes&& attributes) const;
  void directory(const std::string& path, const OpenEntry& entry);
  void file(const std::string& path, const OpenEntry& entry);
  void special(const std::string& path, const OpenEntry& entry);
  void content(int fd, uint64_t size, const std::string& name);
  bool is_link(const Node& node, TarEntry& entry);
  bool must_clamp(const Node& node) const;
  void clamp(int fd, const char* name, const Node& node, const std::string& path) const;

  HashStream& out_;
  TarWriter tar_;
  const TreeTarOptions options_;
  HardLinks links_;
};

// A layer's tree as its canonical tar; the number of entries.
uint64_t write_tree_tar(Fd tree, HashStream& out, int64_t epoch, bool normalise,
                        const std::string& shown);
// The directory `path` of a view and all below it, as a tar with names below it, to `out_fd`.
void write_view_tar(const View& view, const std::string& path, int out_fd);

}  // namespace mini::files
