// Makes the entries of a layer's tree, for layers that mini writes and for archives from outside.
// Names are made in the descriptor of their directory. Metadata is set in the order in which
// nothing is lost: content, owner, mode (a chown clears set-id bits), attributes, time. A directory
// gets its time when the next entry is elsewhere, for entries made in it change it; coming back to
// it later does no harm. Entries in depth-first order need no look-up twice. Memory and descriptors
// are bounded by the depth of one path.
//
// What mini writes is strict: a missing parent, a link on the way and a name that is there already
// are errors. What comes from outside is contained: a link on the way is followed below the root,
// as chroot would, missing parents are made (0755, ours), and the last entry of a name wins.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/files/metadata.h"

namespace mini::files {

class TreeMaker {
 public:
  // Takes what has the name in `directory` away, to make room for a later entry. `path`: from the
  // root, without links.
  using Replace =
      std::function<void(int directory, const std::string& name, const std::string& path)>;

  TreeMaker(Fd root, std::string shown);                   // strict
  TreeMaker(Fd root, std::string shown, Replace replace);  // from outside
  // Directories that are only made as parents get a mark (attributes.h).
  void mark_implied() { marks_implied_ = true; }

  // Paths are relative and clean; "" is the root, and only a directory. A directory may be made
  // again. An entry takes the place of a whiteout; a directory is then opaque.
  void directory(const std::string& path, const EntryMeta& meta);
  struct File {
    Fd fd;             // to write the content to
    std::string path;  // where it is: from the root, without links
  };
  File file(const std::string& path, uint32_t mode);
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
  bool is_strict() const { return !replace_; }
  int enter(std::string_view path);
  void descend(const std::string& name);
  std::string link_target(int parent, const std::string& name) const;
  std::string child(const std::string& name) const;
  void leave();
  void push(std::string name, Fd fd);
  Place place(const std::string& path);
  Fd open_component(int parent, const std::string& name, const std::string& path);
  Fd make_parent(int parent, const std::string& name, const std::string& path, bool whiteout);
  // Runs `make` (0 or -1 and errno) until the name is free; true when a whiteout made room.
  template <class Make>
  bool make_name(const Place& place, const std::string& path, Make&& make);
  std::string shown(std::string_view path) const;

  Fd root_;
  const Replace replace_;
  bool marks_implied_ = false;
  const std::string shown_;
  std::string current_;  // the path of levels_.back()
  std::vector<Level> levels_;
};

}  // namespace mini::files
