#include "runtime/base/root.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

constexpr int kLinkLimit = 40;  // as the kernel's

// The descriptor, or -1 with errno.
int open_in_root(int root, const std::string& path, int flags, unsigned mode) {
  if (path.find('\0') != std::string::npos) {
    errno = EINVAL;  // the kernel would see another, shorter path
    return -1;
  }
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  // EAGAIN: somewhere on the system a rename ran while `..` was resolved, and the kernel could not
  // prove that it stayed inside.
  constexpr int kAttempts = 1000;
  long fd = -1;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    fd = syscall(SYS_openat2, root, name, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    if (errno == EAGAIN) sched_yield();
  }
  return static_cast<int>(fd);
}

std::string read_link(int dir, const std::string& name) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlinkat(dir, name.c_str(), target.data(), target.size());
  if (size < 0) throw SysError(name);
  target.resize(static_cast<size_t>(size));
  return target;
}

std::string self_fd(int fd) {
  return cat("/proc/self/fd/", fd);
}

bool is_directory_link(int dir, const std::string& name) {
  struct stat info;
  return fstatat(dir, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

// Makes directories from a root downwards. Plain components are opened one below the other; a link
// is resolved again by the kernel from the root, and a dangling one has its target made first.
class DirectoryMaker {
 public:
  DirectoryMaker(const Root& root, unsigned mode) : root_(root), mode_(mode) {}

  Fd make(const std::string& path) {
    Fd current = root_.open("/", O_RDONLY | O_DIRECTORY);
    std::string prefix;
    for (const std::string& name : split(path, '/')) {
      if (name.empty() || name == ".") continue;
      const std::string parent = prefix;
      prefix += cat('/', name);
      current = step(current.get(), name, parent, prefix);
    }
    return current;
  }

 private:
  Fd step(int dir, const std::string& name, const std::string& parent, const std::string& prefix) {
    constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    if (name == "..") return root_.open(prefix, kDirectory);
    if (mkdirat(dir, name.c_str(), mode_) < 0 && errno != EEXIST) fail(prefix);
    Fd child(openat(dir, name.c_str(), kDirectory | O_NOFOLLOW));
    if (child) return child;
    if ((errno != ELOOP && errno != ENOTDIR) || !is_directory_link(dir, name)) fail(prefix);
    if (std::optional<Fd> target = root_.open_if_exists(prefix, kDirectory)) {
      return std::move(*target);
    }
    if (++links_ > kLinkLimit) throw SysError(ELOOP, cat(root_.name(), ": ", quoted(prefix)));
    const std::string target = read_link(dir, name);
    return make(target.starts_with('/') ? target : cat(parent, '/', target));
  }

  [[noreturn]] void fail(const std::string& path) const {
    throw SysError(cat(root_.name(), ": ", quoted(path)));
  }

  const Root& root_;
  unsigned mode_;
  int links_ = 0;
};

}  // namespace

Root::Root(const std::string& directory)
    : fd_(open_file(directory, O_PATH | O_DIRECTORY)), name_(directory) {}

Root::Root(Fd directory, std::string name) : fd_(std::move(directory)), name_(std::move(name)) {}

Fd Root::open(const std::string& path, int flags, unsigned mode) const {
  Fd fd(open_in_root(fd_.get(), path, flags, mode));
  if (!fd) throw SysError(cat(name_, ": ", quoted(path)));
  return fd;
}

std::optional<Fd> Root::open_if_exists(const std::string& path, int flags) const {
  Fd fd(open_in_root(fd_.get(), path, flags, 0));
  if (fd) return fd;
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return {};
  throw SysError(cat(name_, ": ", quoted(path)));
}

Fd Root::make_directories(const std::string& path, unsigned mode) const {
  if (path.find('\0') != std::string::npos) throw SysError(EINVAL, cat(name_, ": ", quoted(path)));
  return DirectoryMaker(*this, mode).make(path);
}

std::pair<Fd, std::string> Root::parent_of(const std::string& path, bool make_parents) const {
  const size_t slash = path.find_last_of('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == ".." || path.find('\0') != std::string::npos) {
    throw SysError(EINVAL, cat(name_, ": ", quoted(path), " does not end in a name"));
  }
  const std::string parent = cat('/', slash == std::string::npos ? "" : path.substr(0, slash));
  Fd dir = make_parents ? make_directories(parent) : open(parent, O_RDONLY | O_DIRECTORY);
  return {std::move(dir), name};
}

bool on_kernel_file_system(int fd, const std::string& shown) {
  struct statfs where;
  if (fstatfs(fd, &where) < 0) throw SysError(shown);
  constexpr long kKernel[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,   CGROUP_SUPER_MAGIC,
                              CGROUP2_SUPER_MAGIC, TRACEFS_MAGIC, DEBUGFS_MAGIC};
  return std::find(std::begin(kKernel), std::end(kKernel), where.f_type) != std::end(kKernel);
}

std::optional<std::string> Root::read_regular(const std::string& path, size_t limit) const {
  // O_PATH first: opening a device for reading would already do something.
  const std::optional<Fd> handle = open_if_exists(path, O_PATH);
  if (!handle) return {};
  const std::string shown = cat(name_, ": ", quoted(path));
  struct stat info;
  if (fstat(handle->get(), &info) < 0) throw SysError(shown);
  if (!S_ISREG(info.st_mode) || on_kernel_file_system(handle->get(), shown))
    throw Error(cat(shown, ": not a regular file"));
  if (static_cast<uint64_t>(info.st_size) > limit) {
    throw Error(cat(shown, ": larger than ", limit, " bytes"));
  }
  const Fd fd = with_context(
      shown, [&] { return open_file(self_fd(handle->get()), O_RDONLY | O_NOCTTY | O_NONBLOCK); });
  return read_all(fd.get(), shown, limit);
}

std::string Root::resolve(const std::string& path) const {
  const Fd found = open(path, O_PATH);
  return path_of(found.get());
}

std::string Root::path_of(int fd) const {
  std::string top = read_link(AT_FDCWD, self_fd(fd_.get()));
  const std::string full = read_link(AT_FDCWD, self_fd(fd));
  if (top == "/") top.clear();
  if (full == top) return "/";
  if (!full.starts_with(top) || full[top.size()] != '/')
    throw Error(cat(name_, ": ", quoted(full), ": moved while it was resolved"));
  return full.substr(top.size());
}

std::string clean_path(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return cat(path.starts_with('/') ? "/" : "", join(kept, "/"));
}

}  // namespace mini
