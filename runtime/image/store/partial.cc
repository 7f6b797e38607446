#include "runtime/image/store/partial.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::image {
namespace {

// A pull ends by itself when nothing comes any more, so its lock does not stay for ever.
constexpr int kPatience = 3600 * 1000;  // ms
constexpr const char* kSuffix = ".lock";

std::string directory(const StatePaths& paths) {
  return cat(paths.root, "/partial");
}

std::string prepared(const StatePaths& paths, const Digest& digest) {
  make_directories(directory(paths), 0700);
  return cat(directory(paths), '/', digest.hex());
}

}  // namespace

PartialBlob::PartialBlob(const StatePaths& paths, const Digest& digest)
    : path_(prepared(paths, digest)),
      lock_(FileLock::acquire(path_ + kSuffix, LockMode::exclusive,
                              cat("the download of layer ", digest.short_id()), kPatience)) {}

uint64_t PartialBlob::size() const {
  struct stat info;
  if (lstat(path_.c_str(), &info) < 0) return 0;
  return static_cast<uint64_t>(info.st_size);
}

void PartialBlob::remove() const {
  unlink(path_.c_str());
}

PartialBlob::~PartialBlob() {
  struct stat info;
  if (lstat(path_.c_str(), &info) < 0) unlink((path_ + kSuffix).c_str());
}

uint64_t PartialBlob::remove_old(const StatePaths& paths, int64_t age, bool dry_run) {
  uint64_t gained = 0;
  const int64_t now = now_ns() / 1'000'000'000;
  for (const std::string& name : list_directory(directory(paths))) {
    const std::string path = cat(directory(paths), '/', name);
    struct stat info;
    if (lstat(path.c_str(), &info) < 0 || now - info.st_mtim.tv_sec < age) continue;
    const bool is_lock = name.ends_with(kSuffix);
    const std::string blob =
        is_lock ? path.substr(0, path.size() - std::string_view(kSuffix).size()) : path;
    if (is_lock && exists(blob)) continue;  // has its turn by itself
    const auto lock = FileLock::try_acquire(blob + kSuffix, LockMode::exclusive);
    if (!lock) continue;
    if (!is_lock) gained += disk_usage(blob);
    if (dry_run) continue;
    unlink(blob.c_str());
    unlink((blob + kSuffix).c_str());
  }
  return gained;
}

}  // namespace mini::image
