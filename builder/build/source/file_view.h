// A read-only tree of files: one directory (a build context), or layers seen as the overlay they
// will be (topmost first, whiteouts and opaque directories obeyed) without mounting anything. Links
// are resolved inside the view, as chroot would: nothing outside can be reached, whatever the links
// say and whoever swaps names meanwhile, because every step is an *at call on a held directory that
// follows no link. Paths are relative to the view's root, clean, without a leading slash; "" is the
// root. Throws SysError naming the path. Safe to use from several threads.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"

namespace mini::build {

using ContentHash = std::array<unsigned char, 32>;  // SHA-256

struct FileNode {
  uint32_t mode = 0;  // with the type bits
  uint32_t uid = 0, gid = 0, nlink = 1;
  uint64_t size = 0, device = 0, inode = 0, rdev = 0;
  int64_t mtime_ns = 0, ctime_ns = 0;
  uint32_t layer = 0;  // which of the view's directories has it

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_regular() const { return S_ISREG(mode); }
  bool is_link() const { return S_ISLNK(mode); }
  bool same_file(const FileNode& other) const;  // and not changed in between
};

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct FileEntry : FileNode {
  std::string path;
  std::string target;      // of a link
  ContentHash content{};   // of a regular file, once hash_contents() filled it
  bool tentative = false;  // during a walk: a directory that waits for something below it
};

class FileView {
 public:
  static FileView of_directory(Fd directory, const std::string& name);
  static FileView of_layers(const std::vector<std::string>& directories);  // bottom first

  struct Resolved {
    std::string path;              // without links and dots; what does not exist is kept as written
    std::optional<FileNode> node;  // nothing: there is no such file
  };
  // Follows links, also the last one when `follow_last`. Throws ELOOP after 40 links.
  Resolved resolve(const std::string& path, bool follow_last = true) const;

  // What a walk does with an entry: `enter` (a directory) looks below and takes the directory only
  // when something below it is taken.
  enum class Visit { take, skip, enter };
  using Visitor = std::function<Visit(const FileEntry&)>;
  // Everything below the directory `path` (resolved, without itself), parents before children and
  // names in byte order. `by_two`: with a second thread, when there is enough to do; the visitor is
  // then called from both.
  std::vector<FileEntry> walk(const std::string& path, const Visitor& visitor,
                              bool by_two = false) const;
  std::vector<std::string> names(const std::string& path) const;  // of a resolved directory, sorted

  std::string read_link(const std::string& path, const FileNode& node) const;
  // A regular file, opened without blocking. Throws when it is not the file that `node` was read
  // from any more.
  Fd open(const std::string& path, const FileNode& node) const;
  // user.*, security.capability and POSIX ACLs; overlay's own are left out.
  std::map<std::string, std::string> attributes(const std::string& path,
                                                const FileNode& node) const;
  // The directories that together are the directory `path`, topmost first.
  std::vector<Fd> directories(const std::string& path) const;

  const std::string& name() const { return name_; }

 private:
  struct Part {
    uint32_t layer;
    Fd fd;
  };
  using Directory = std::vector<Part>;  // topmost first
  struct Child {
    FileNode node;
    Directory below;  // of a directory
  };
  struct Walk;  // file_walk.cc

  static std::string target_of(int directory, const std::string& name, const std::string& shown);
  Directory top() const;
  std::optional<Child> child(const Directory& directory, const std::string& name,
                             const std::string& path) const;
  std::optional<Directory> open_directory(const std::string& path) const;
  std::pair<Fd, std::string> parent(const std::string& path, const FileNode& node) const;

  std::string name_;
  bool overlay_ = false;
  std::vector<Fd> roots_;  // topmost first
};

FileNode node_of(const struct stat& info, uint32_t layer = 0);

}  // namespace mini::build
