#include "runtime/container/cgroup/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::container {
namespace {

// A container with a writable cgroup tree may nest groups; nobody nests this many, and each level
// costs a descriptor.
constexpr int kMaxDepth = 128;
constexpr int64_t kRemoveWaitNs = 2'000'000'000;

const char* cure(int error_number) {
  switch (error_number) {
    case ENOENT:
    case EOPNOTSUPP:
      return "this kernel or layout has no such control; leave the limit out";
    case EACCES:
    case EPERM:
    case EROFS:
      return "run as root, or in a cgroup that is delegated to this user";
    case EBUSY:
      return "more is in use than the new limit allows";
    default:
      return "the kernel does not take this value";
  }
}

void for_each_child(int directory, const std::string& name,
                    const std::function<void(const char*)>& visit) {
  Fd copy = open_at(directory, ".", O_RDONLY | O_DIRECTORY);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy.get()), closedir);
  if (!stream) throw SysError(name);
  copy.release();
  while (const dirent* entry = readdir(stream.get())) {
    if (entry->d_type != DT_DIR || std::strcmp(entry->d_name, ".") == 0 ||
        std::strcmp(entry->d_name, "..") == 0)
      continue;
    visit(entry->d_name);
  }
}

// The group `name` in `parent`, or nothing when it has gone.
Fd open_group(int parent, const char* name) {
  return Fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void remove_child(int parent, const char* name, const std::string& path, int depth,
                  int64_t deadline) {
  if (depth > kMaxDepth) throw Error(cat("cgroup ", path, ": nested too deeply to remove"));
  for (long pause_ns = 100'000;; pause_ns = std::min(pause_ns * 2, 20'000'000L)) {
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (errno != EBUSY) throw SysError(cat("cgroup ", path, ": cannot be removed"));
    if (Fd group = open_group(parent, name))
      for_each_child(group.get(), path, [&](const char* child) {
        remove_child(group.get(), child, cat(path, "/", child), depth + 1, deadline);
      });
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (monotonic_ns() > deadline)
      throw SysError(EBUSY, cat("cgroup ", path, ": cannot be removed"));
    const timespec pause = {0, pause_ns};
    nanosleep(&pause, nullptr);
  }
}

void collect_processes(int directory, const std::string& path, int depth,
                       std::vector<pid_t>& pids) {
  if (depth > kMaxDepth) throw Error(cat("cgroup ", path, ": nested too deeply to list"));
  Fd procs(openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC));
  if (procs) {
    std::string text;
    try {
      text = read_all(procs.get(), path);
    } catch (const SysError& error) {
      // A threaded group has no list of its own: its processes are in the list of the group above.
      if (error.code() != EOPNOTSUPP && error.code() != ENODEV) throw;
    }
    for (const auto& word : words(text))
      if (auto pid = parse_number(word, 1 << 30); pid && *pid != 0) pids.push_back(*pid);
  }
  for_each_child(directory, path, [&](const char* child) {
    if (Fd group = open_group(directory, child))
      collect_processes(group.get(), cat(path, "/", child), depth + 1, pids);
  });
}

}  // namespace

void write_limits(const std::string& directory, const LimitWrites& writes, const char* layout) {
  for (const auto& write : writes) {
    try {
      write_existing(cat(directory, "/", write.file), write.value);
    } catch (const SysError& error) {
      throw Error(cat(write.limit, " ", write.value, ": cannot be set on cgroup ", layout, ": ",
                      directory, "/", write.file, ": ", std::strerror(error.code())),
                  cure(error.code()));
    }
  }
}

std::optional<std::string> read_control(const std::string& directory, const std::string& file) {
  try {
    return read_file_if_exists(cat(directory, "/", file));
  } catch (const SysError& error) {
    if (error.code() == ENODEV || error.code() == EOPNOTSUPP) return std::nullopt;
    throw;
  }
}

std::optional<uint64_t> read_number(const std::string& directory, const std::string& file) {
  const auto text = read_control(directory, file);
  if (!text) return std::nullopt;
  // v1 says "no limit" as the largest multiple of the page size.
  constexpr uint64_t kV1Unlimited = 0x7fff'ffff'ffff'0000;
  const auto number = parse_number(trim(*text));
  if (!number || *number >= kV1Unlimited) return std::nullopt;
  return *number;
}

uint64_t keyed_number(std::string_view text, std::string_view key) {
  for (const auto& line : split(text, '\n')) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
      return parse_number(trim(std::string_view(line).substr(key.size()))).value_or(0);
  }
  return 0;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  size_t start = 0;
  while ((start = text.find_first_not_of(" \n\t", start)) != std::string_view::npos) {
    const size_t end = std::min(text.find_first_of(" \n\t", start), text.size());
    result.emplace_back(text.substr(start, end - start));
    start = end;
  }
  return result;
}

bool make_group(const std::string& base, const std::string& relative,
                const std::function<void(const std::string&)>& made) {
  std::string directory = base;
  bool created = false;
  for (const auto& name : split(relative, '/')) {
    directory += cat("/", name);
    created = mkdir(directory.c_str(), 0755) == 0;
    if (!created && errno != EEXIST) throw SysError(cat("cgroup ", directory, ": cannot be made"));
    if (!created || !made) continue;
    try {
      made(directory);
    } catch (...) {
      rmdir(directory.c_str());
      throw;
    }
  }
  return created;
}

std::vector<pid_t> processes_below(const std::string& directory) {
  std::vector<pid_t> pids;
  if (Fd group = open_group(AT_FDCWD, directory.c_str()))
    collect_processes(group.get(), directory, 0, pids);
  return pids;
}

void move_process(const std::string& directory, pid_t pid) {
  write_existing(cat(directory, "/cgroup.procs"), std::to_string(pid));
}

void remove_group(const std::string& directory) {
  remove_child(AT_FDCWD, directory.c_str(), directory, 0, monotonic_ns() + kRemoveWaitNs);
}

}  // namespace mini::container
