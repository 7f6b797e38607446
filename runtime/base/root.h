// Paths that cannot leave a root. A Root holds a directory fd; every path is resolved by the kernel
// below it (openat2 RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS: links, `..` and absolute targets are
// taken as seen from inside), and what is returned is an fd: act on that with *at calls, never on
// the name again. This is the only file that may touch names which an image, a build context or a
// container made. Throws SysError naming the path. See openat2(2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/fd.h"

namespace mini {

class Root {
 public:
  explicit Root(const std::string& directory);  // a host path that mini owns
  Root(Fd directory, std::string name);         // `name` is for error texts

  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }

  // openat2 below the root. `path` may be absolute or relative, both are taken from the root.
  // O_CLOEXEC is added.
  Fd open(const std::string& path, int flags, unsigned mode = 0) const;
  // The same; nothing when the path does not exist (ENOENT, ENOTDIR, ELOOP).
  std::optional<Fd> open_if_exists(const std::string& path, int flags) const;
  // The directory `path`, made with its missing parents (each component opened, never re-resolved
  // by name). The target of a dangling link is made too; new directories get `mode` less the umask.
  Fd make_directories(const std::string& path, unsigned mode = 0755) const;
  // Splits "a/b/c" into the opened directory a/b (made when `make_parents`) and the name "c".
  // Refuses a last component that is empty, "." or "..".
  std::pair<Fd, std::string> parent_of(const std::string& path, bool make_parents = false) const;
  // A regular file of at most `limit` bytes, opened without blocking; nothing when missing; throws
  // for a FIFO, a device, a directory or a larger one.
  std::optional<std::string> read_regular(const std::string& path, size_t limit) const;
  // The path that `path` resolves to, as seen from inside the root ("/a/b"); it must exist.
  std::string resolve(const std::string& path) const;
  // The path of an open file below the root, as seen from inside.
  std::string path_of(int fd) const;

 private:
  Fd fd_;
  std::string name_;
};

// /proc, /sys, cgroups and the like: their files call themselves regular, but reading or writing
// one may do something (/proc/kmsg empties the host's log).
bool on_kernel_file_system(int fd, const std::string& shown);

// Lexical only: "a//b/./c/.." -> "a/b"; never leaves the start: "../x" -> "x", "/.." -> "/". Keeps
// a leading slash; the start itself is "" or "/".
std::string clean_path(std::string_view path);

}  // namespace mini
