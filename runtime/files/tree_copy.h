// Entries of a walk -> files below a directory that may have some already: a directory is kept and
// filled, another file is replaced, and neither takes the other's place. Everything is made in
// directories that are held open, through no link, so that nobody who swaps names meanwhile can
// lead it elsewhere (CVE-2018-15664). Throws Error / SysError.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/root.h"
#include "runtime/files/hard_links.h"
#include "runtime/files/view.h"

namespace mini::files {

struct CopyOptions {
  bool follow_link = false;  // when the source is one
  // Owners, set-id bits and attributes as they are. Without it all belongs to the caller, as Docker
  // does it for what comes out of a container.
  bool keep_owner = true;
  bool to_host = false;  // then no device is made
  // The source is an unpacked archive whose directories may be marked as implied (attributes.h):
  // one that is there already keeps its metadata, and a link that leads to one is followed.
  bool implied_directories = false;
};

class TreeCopy {
 public:
  // `root` outlives this: links are followed below it.
  TreeCopy(const Root& root, Fd into, const CopyOptions& options, std::string shown);

  // A directory before its content. "" is `into` itself, which stays as it is.
  void add(const std::string& path, OpenEntry entry);
  void finish();  // the last times

 private:
  struct Level {
    std::string path;
    Fd fd;
    Node node;
    bool made;  // or met by name: then it gets the source's times
  };
  int enter(const std::string& parent);
  void leave();
  void directory(const std::string& path, const std::string& name, int parent,
                 const OpenEntry& entry);
  void file(const std::string& path, const std::string& name, int parent, const OpenEntry& entry);
  void link(const std::string& path, const std::string& name, int parent,
            const std::string& existing);
  std::string shown(const std::string& path) const;

  bool merge_implied(const std::string& path, const std::string& name, int parent,
                     const OpenEntry& entry);

  const Root& root_;
  const Root into_;
  const CopyOptions options_;
  const std::string shown_;
  std::vector<Level> levels_;
  HardLinks links_;
};

// The directory `path` of a view with all that belongs to it becomes the root of `to`; false when
// there is no such directory.
bool copy_directory(const View& view, const std::string& path, const Root& to,
                    const CopyOptions& options);

}  // namespace mini::files
