// A read-only tree of files: one directory, or layers seen as the overlay that they will be
// (Documentation/filesystems/overlayfs: the uppermost wins, whiteouts and opaque directories hide)
// without mounting anything. The one reader of trees: for COPY and its cache keys, cp, diff,
// export, volumes, and what a start looks up in an image. Links are resolved inside the view, as
// chroot would: nothing outside can be reached, whatever the links say and whoever swaps names
// meanwhile, because every step is an *at call on a held directory that follows no link. Paths are
// relative to the view's root; "" is the root, and resolved ones have no slash in front. Throws
// SysError naming the path. Safe to use from several threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/overlay.h"
#include "runtime/files/metadata.h"

namespace mini::files {

using ContentHash = std::array<unsigned char, 32>;  // SHA-256

// An entry of a walk's result.
struct Entry : Node {
  std::string path;
  std::string target;      // of a link
  ContentHash content{};   // of a regular file, when the caller has hashed it
  bool tentative = false;  // during a walk: a directory that waits for something below it
};

// An entry while it is visited.
struct OpenEntry : Node {
  std::string path;  // below the start; "" is the start itself
  std::string name;
  int directory = -1;  // of a directory: itself; of anything else: the one that holds it
};

// What a walk does with an entry: `enter` (a directory) looks below and takes the directory only
// when something below it is taken.
enum class Visit { take, skip, enter };

class View {
 public:
  static View of_directory(Fd directory, const std::string& name);
  static View of_layers(const std::vector<std::string>& directories);  // bottom first
  static View of_overlay(const Overlay& overlay);                      // with its upper, if any

  struct Resolved {
    std::string path;          // without links and dots; what does not exist is kept as written
    std::optional<Node> node;  // nothing: there is no such file
  };
  // Follows links, also the last one when `follow_last`. Throws ELOOP after 40 links.
  Resolved resolve(const std::string& path, bool follow_last = true) const;
  // What is at `path`; a link at its end is not followed, and a loop on the way is nothing.
  std::optional<Node> find(const std::string& path) const;

  using Visitor = std::function<Visit(const Entry&)>;
  // Everything below the directory `path` (resolved, without itself), parents before children and
  // names in byte order. `by_two`: with a second thread, when there is enough to do; the visitor is
  // then called from both.
  std::vector<Entry> walk(const std::string& path, const Visitor& visitor,
                          bool by_two = false) const;
  using OpenVisitor = std::function<Visit(const OpenEntry&)>;
  // Visits the directory `path` and everything below it in the same order, each entry while its
  // directory is open; false when there is no such directory. `enter` counts as `take`. `leave`: of
  // a directory, after its content.
  bool visit(const std::string& path, const OpenVisitor& visitor,
             const std::function<void(const OpenEntry&)>& leave = {}) const;
  std::vector<std::string> names(const std::string& path) const;  // of a resolved directory, sorted

  // A regular file, opened without blocking. Throws when it is not the file that `node` was read
  // from any more.
  Fd open(const std::string& path, const Node& node) const;
  void expect_unchanged(int fd, const std::string& path, const Node& node) const;
  // A regular file of at most `limit` bytes, links followed; nothing when it is missing. Throws for
  // anything else at that name.
  std::optional<std::string> read_regular(const std::string& path, size_t limit) const;
  // Those that layers keep (attributes.h).
  std::map<std::string, std::string> attributes(const std::string& path, const Node& node) const;
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
    Node node;
    int holder = -1;  // the directory that has it
    Directory below;  // of a directory
  };
  struct Trail;
  struct Walk;  // view_walk.cc

  void add(const std::string& layer);
  std::string shown(const std::string& path) const;
  Directory open_top() const;
  std::optional<Child> child(const Directory& directory, const std::string& name,
                             const std::string& path) const;
  std::optional<Resolved> follow(const std::string& path, bool follow_last) const;
  std::optional<Directory> open_directory(const std::string& path) const;
  Fd open_entry(const std::string& path, const Node& node) const;

  std::string name_;
  bool overlay_ = false, userxattr_ = false;
  Directory top_;
};

}  // namespace mini::files
