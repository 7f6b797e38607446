#include "runtime/image/store/lease.h"

#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

std::string lease_directory(const StatePaths& paths) {
  return paths.root + "/leases";
}

}  // namespace

Lease::Lease(const StatePaths& paths) : path_(cat(lease_directory(paths), '/', random_hex(24))) {
  make_directories(lease_directory(paths), 0700);
  lock_ = FileLock::acquire(path_, LockMode::exclusive, "a lease");
}

Lease::~Lease() {
  if (lock_ && !path_.empty()) unlink(path_.c_str());
}

// A line is one write at the end of the file, so a reader sees whole lines or, at worst, one that
// is being written: not yet returned from here.
void Lease::add(const Digest& digest) {
  write_all(lock_->fd(), digest.str() + '\n', path_);
}

std::vector<Digest> Lease::protected_content(const StatePaths& paths) {
  std::vector<Digest> content;
  for (const std::string& name : list_directory(lease_directory(paths))) {
    const std::string path = cat(lease_directory(paths), '/', name);
    if (const auto dead = FileLock::try_acquire(path, LockMode::exclusive)) {
      unlink(path.c_str());
      continue;
    }
    for (const std::string& line : split(read_file_if_exists(path).value_or(""), '\n')) {
      if (Digest::is_valid(line)) content.push_back(Digest::parse(line));
    }
  }
  return content;
}

}  // namespace mini::image
