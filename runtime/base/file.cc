#include "runtime/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

bool is_missing(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR;
}

std::string parent_directory(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct stat stat_fd(int fd, const std::string& name) {
  struct stat info;
  if (fstat(fd, &info) < 0) throw SysError(name);
  return info;
}

struct Entry {
  std::string name;
  unsigned char type;  // DT_*
};

// All entries at once, so that the caller may remove them without upsetting the kernel's position.
std::vector<Entry> read_entries(int dir, const std::string& path) {
  constexpr size_t kBuffer = 64 << 10;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
  std::vector<Entry> entries;
  for (;;) {
    const ssize_t size = getdents64(dir, buffer.get(), kBuffer);
    if (size < 0) throw SysError(cat(path, ": read the directory"));
    if (size == 0) return entries;
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.get() + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") entries.push_back({std::string(name), entry->d_type});
    }
  }
}

// Opens the directory `name` itself: never through a link, never across a mount. Nothing when it
// has gone meanwhile.
std::optional<Fd> enter(int parent, const std::string& name, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
  const long fd = syscall(SYS_openat2, parent, name.c_str(), &how, sizeof how);
  if (fd >= 0) return Fd(static_cast<int>(fd));
  if (errno == ENOENT) return {};
  if (errno == EXDEV) throw SysError(EBUSY, cat(path, ": a mount is still there"));
  throw SysError(path);
}

// Walks a tree of any depth with two descriptors: down by name, up by "..", which must be the
// directory that it came from.
class TreeWalk {
 public:
  // Called for each entry; true when it is a directory to go into.
  using Visit = std::function<bool(int dir, const Entry& entry)>;
  // Opens a directory to go into; nothing skips it.
  using Open = std::function<std::optional<Fd>(int dir, const std::string& name)>;
  // Called when a directory has been walked, with its parent.
  using Leave = std::function<void(int parent, const std::string& name)>;

  TreeWalk(std::string path, Visit visit, Open open, Leave leave)
      : path_(std::move(path)),
        visit_(std::move(visit)),
        open_(std::move(open)),
        leave_(std::move(leave)) {}

  void run(Fd top) {
    current_ = std::move(top);
    push({});
    while (!stack_.empty()) {
      if (stack_.back().todo.empty()) {
        if (stack_.size() == 1) return;
        ascend();
      } else {
        descend();
      }
    }
  }

 private:
  struct Level {
    std::string name;
    dev_t device;
    ino_t inode;
    std::vector<std::string> todo;  // directories still to be walked
  };

  void push(const std::string& name) {
    const struct stat info = stat_fd(current_.get(), path_);
    Level level{name, info.st_dev, info.st_ino, {}};
    for (const Entry& entry : read_entries(current_.get(), path_)) {
      if (visit_(current_.get(), entry)) level.todo.push_back(entry.name);
    }
    stack_.push_back(std::move(level));
  }

  void descend() {
    const std::string name = std::move(stack_.back().todo.back());
    stack_.back().todo.pop_back();
    std::optional<Fd> child = open_(current_.get(), name);
    if (!child) return;
    current_ = std::move(*child);
    push(name);
  }

  void ascend() {
    const std::string name = std::move(stack_.back().name);
    stack_.pop_back();
    Fd parent = open_at(current_.get(), "..", O_RDONLY | O_DIRECTORY);
    const struct stat info = stat_fd(parent.get(), path_);
    if (info.st_dev != stack_.back().device || info.st_ino != stack_.back().inode) {
      throw Error(cat(path_, ": a directory was moved while it was walked"));
    }
    current_ = std::move(parent);
    leave_(current_.get(), name);
  }

  std::string path_;
  Visit visit_;
  Open open_;
  Leave leave_;
  Fd current_;
  std::vector<Level> stack_;
};

// A container's user may have left directories that their owner cannot read or change.
void allow_owner(int parent, const std::string& name) {
  const Fd fd(openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC));
  if (fd) chmod(cat("/proc/self/fd/", fd.get()).c_str(), 0700);
}

std::optional<Fd> enter_to_remove(int parent, const std::string& name, const std::string& path) {
  if (geteuid() != 0) allow_owner(parent, name);
  return enter(parent, name, path);
}

// True when the entry turned out to be a directory.
bool remove_unless_directory(int dir, const Entry& entry, const std::string& path) {
  if (entry.type == DT_DIR) return true;
  if (unlinkat(dir, entry.name.c_str(), 0) == 0 || errno == ENOENT) return false;
  if (errno == EISDIR) return true;
  throw SysError(cat(path, ": remove ", quoted(entry.name)));
}

}  // namespace

std::string read_file(const std::string& path, size_t limit) {
  return read_all(open_file(path, O_RDONLY).get(), path, limit);
}

std::optional<std::string> read_file_if_exists(const std::string& path, size_t limit) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && is_missing(errno)) return {};
  if (!fd) throw SysError(path);
  return read_all(fd.get(), path, limit);
}

void replace_file(const std::string& path, std::string_view data, bool durable, unsigned mode) {
  const std::string directory = parent_directory(path);
  const std::string temporary = cat(directory, "/.tmp-", random_hex(16));
  try {
    Fd fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fchmod(fd.get(), mode) < 0) throw SysError(cat(path, ": change the mode"));
    write_all(fd.get(), data, path);
    if (durable && fsync(fd.get()) < 0) throw SysError(cat(path, ": sync"));
    fd.close(path);
    rename_path(temporary, path);
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
  if (durable) sync_directory(directory);
}

void write_existing(const std::string& path, std::string_view data) {
  Fd fd = open_file(path, O_WRONLY);
  ssize_t written;
  do {
    written = write(fd.get(), data.data(), data.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) throw SysError(cat(path, ": write ", quoted(trim(data))));
  if (static_cast<size_t>(written) != data.size()) {
    throw Error(cat(path, ": took only ", written, " of ", data.size(), " bytes"));
  }
  fd.close(path);
}

bool exists(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) == 0) return true;
  if (is_missing(errno)) return false;
  throw SysError(path);
}

void make_directories(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0) return;
  if (errno == ENOENT) {
    const std::string parent = parent_directory(path.substr(0, path.find_last_not_of('/') + 1));
    if (parent == path || parent == ".") throw SysError(ENOENT, path);
    make_directories(parent, mode);
    if (mkdir(path.c_str(), mode) == 0) return;
  }
  const int error = errno;
  struct stat info;
  if (error == EEXIST && stat(path.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    throw SysError(ENOTDIR, path);
  }
  if (error != EEXIST) throw SysError(error, path);
}

std::vector<std::string> list_directory(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};
  if (!fd) throw SysError(path);
  std::vector<std::string> names;
  for (Entry& entry : read_entries(fd.get(), path)) names.push_back(std::move(entry.name));
  std::sort(names.begin(), names.end());
  return names;
}

void sync_directory(const std::string& path) {
  const Fd fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (fsync(fd.get()) < 0) throw SysError(cat(path, ": sync"));
}

void sync_filesystem(const std::string& path) {
  const Fd fd = open_file(path, O_RDONLY);
  if (syncfs(fd.get()) < 0) throw SysError(cat(path, ": sync the file system"));
}

void rename_path(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) < 0) throw SysError(cat(from, ": rename to ", to));
}

void remove_tree(const std::string& path) {
  if (unlink(path.c_str()) == 0 || is_missing(errno)) return;
  if (errno != EISDIR) throw SysError(cat(path, ": remove"));
  const std::string bare = path.substr(0, path.find_last_not_of('/') + 1);
  const Fd parent = open_file(parent_directory(bare), O_PATH | O_DIRECTORY);
  const std::string name = bare.substr(bare.find_last_of('/') + 1);
  std::optional<Fd> top = enter_to_remove(parent.get(), name, path);
  if (!top) return;
  auto remove_empty = [&](int dir, const std::string& child) {
    if (unlinkat(dir, child.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) {
      throw SysError(cat(path, ": remove the directory ", quoted(child)));
    }
  };
  TreeWalk walk(
      path, [&](int dir, const Entry& entry) { return remove_unless_directory(dir, entry, path); },
      [&](int dir, const std::string& child) { return enter_to_remove(dir, child, path); },
      remove_empty);
  walk.run(std::move(*top));
  remove_empty(parent.get(), name);
}

uint64_t disk_usage(const std::string& path) {
  uint64_t blocks = 0;
  std::set<std::pair<dev_t, ino_t>> linked;
  auto count = [&](const struct stat& info) {
    if (info.st_nlink > 1 && !S_ISDIR(info.st_mode)) {
      if (!linked.emplace(info.st_dev, info.st_ino).second) return;
    }
    blocks += static_cast<uint64_t>(info.st_blocks);
  };
  struct stat info;
  if (lstat(path.c_str(), &info) < 0) {
    if (is_missing(errno)) return 0;
    throw SysError(path);
  }
  count(info);
  const dev_t device = info.st_dev;
  auto visit = [&](int dir, const Entry& entry) {
    struct stat found;
    if (fstatat(dir, entry.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) return false;
      throw SysError(cat(path, ": ", quoted(entry.name)));
    }
    if (found.st_dev != device) return false;  // another file system's bytes
    count(found);
    return S_ISDIR(found.st_mode);
  };
  if (S_ISDIR(info.st_mode)) {
    TreeWalk walk(
        path, visit, [&](int dir, const std::string& name) { return enter(dir, name, path); },
        [](int, const std::string&) {});
    walk.run(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }
  return blocks * 512;
}

}  // namespace mini
