#include "runtime/files/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>
#include <string_view>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini::files {
namespace {

constexpr std::string_view kLockSuffix = ".lock";

std::string lock_path(const std::string& path) {
  return cat(path, kLockSuffix);
}

}  // namespace

// The lock comes first: a directory without a held lock is dead.
Scratch::Scratch(const StatePaths& paths) : path_(cat(paths.root, "/tmp/", random_hex(24))) {
  lock_ = FileLock::acquire(lock_path(path_), LockMode::exclusive, "a temporary directory");
  if (mkdir(path_.c_str(), 0700) < 0) {
    const int error = errno;
    unlink(lock_path(path_).c_str());
    throw SysError(error, path_);
  }
}

Scratch::Scratch(Scratch&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, {})) {}

Scratch& Scratch::operator=(Scratch&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
    lock_ = std::exchange(other.lock_, {});
  }
  return *this;
}

Scratch::~Scratch() {
  remove();
}

void Scratch::remove() noexcept {
  if (path_.empty()) return;
  try {
    remove_tree(path_);
    unlink(lock_path(path_).c_str());
  } catch (const std::exception&) {
    // The next command finds it without a living owner and tries again.
  }
  path_.clear();
  lock_.reset();
}

bool Scratch::move_to(const std::string& target) {
  if (rename(path_.c_str(), target.c_str()) < 0) {
    if (errno == EEXIST || errno == ENOTEMPTY) return false;
    throw SysError(cat(path_, ": rename to ", target));
  }
  unlink(lock_path(path_).c_str());
  path_.clear();
  lock_.reset();
  return true;
}

void Scratch::remove_dead(const StatePaths& paths) {
  const std::string tmp = cat(paths.root, "/tmp");
  std::set<std::string> names;
  for (std::string name : list_directory(tmp)) {
    if (name.ends_with(kLockSuffix)) name.resize(name.size() - kLockSuffix.size());
    names.insert(std::move(name));
  }
  for (const std::string& name : names) {
    const std::string path = cat(tmp, '/', name);
    const auto lock = FileLock::try_acquire(lock_path(path), LockMode::exclusive);
    if (!lock) continue;
    remove_tree(path);
    unlink(lock_path(path).c_str());
  }
}

}  // namespace mini::files
