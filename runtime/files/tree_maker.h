// Makes the entries of a layer's tree, for layers that mini writes and for those that it reads.
// Names are made in the descriptor of their directory; a component that is a link is never followed
// but refused. Metadata is set in the order in which nothing is lost: content, owner, mode (a chown
// clears set-id bits), attributes, time. A directory gets its time when the next entry is
// elsewhere, for entries made in it change it; coming back to it later does no harm. Entries in
// depth-first order need no look-up twice. Memory and descriptors are bounded by the depth of one
// path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/files/entry_meta.h"

namespace mini::image {

class TreeMaker {
 public:
  // `make_parents`: missing directories are made, as 0755 and ours; else they are an error.
  TreeMaker(Fd root, bool make_parents, std::string shown);

  // Paths are relative and clean; "" is the root, and only a directory. What exists already is an
  // error, except a directory made again and a whiteout, which the entry takes the place of (a
  // directory is then opaque).
  void directory(const std::string& path, const EntryMeta& meta);
  Fd file(const std::string& path, uint32_t mode);  // to write its content to
  void finish_file(const Fd& fd, const std::string& path, const EntryMeta& meta);
  void symlink(const std::string& path, const EntryMeta& meta, const std::string& target);
  struct Linked {
    EntryMeta meta;
    uint64_t inode;
  };
  Linked hard_link(const std::string& path, const std::string& existing);
  void node(const std::string& path, const EntryMeta& meta, uint32_t type, unsigned major,
            unsigned minor);  // S_IFCHR, S_IFBLK, S_IFIFO
  // Hides the name in the layers below; what this layer has there stays.
  void whiteout(const std::string& path);
  void opaque(const std::string& path);  // a directory that exists, or is made
  void finish();                         // the last times

 private:
  struct Level {
    std::string name;
    Fd fd;  // closed when many are open below it
    uint64_t device, inode;
    int64_t mtime;
  };
  struct Place {
    int directory;
    std::string name;
  };
  int enter(std::string_view path);
  void descend(const std::string& name);
  void leave();
  void push(std::string name, Fd fd);
  Place place(const std::string& path);
  Fd open_component(int parent, const std::string& name, const std::string& path);
  // Runs `make` (0 or -1 and errno) until the name is free of a whiteout.
  template <class Make>
  bool make_name(const Place& place, const std::string& path, Make&& make);
  std::string shown(std::string_view path) const;

  Fd root_;
  const bool make_parents_;
  const std::string shown_;
  std::string current_;  // the path of levels_.back()
  std::vector<Level> levels_;
};

}  // namespace mini::image
