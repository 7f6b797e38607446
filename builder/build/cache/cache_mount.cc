#include "builder/build/cache/cache_mount.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json_members.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

using dockerfile::MountSharing;

constexpr int kPollMs = 50;

std::string folder(const StatePaths& paths) {
  return paths.root + "/cache/mounts";
}

// Each concurrent private user has its own instance.
std::string instance_name(const std::string& id, int instance) {
  return Digest::of(instance == 0 ? id : cat(id, '\0', instance)).hex();
}

void make_data(const std::string& data, const CacheMount::Request& request) {
  const std::string fresh = cat(data, '.', random_hex(8));
  if (request.seed) {
    request.seed(fresh);
  } else {
    make_directories(fresh, 0755);
  }
  if (chown(fresh.c_str(), request.uid, request.gid) < 0 ||
      chmod(fresh.c_str(), request.mode) < 0) {
    throw SysError(fresh);
  }
  rename_path(fresh, data);
}

}  // namespace

static void describe(JsonMembers& json, CacheMountInfo& info) {
  json.required("id", info.id);
  json.required("target", info.target);
  json.required("created", info.created_ns);
}

CacheMount::CacheMount(const StatePaths& paths, const Request& request, const Cancel& cancel) {
  make_directories(folder(paths), 0700);
  for (int instance = 0; !lock_; ++instance) {
    const std::string base = cat(folder(paths), '/', instance_name(request.id, instance));
    make_directories(base, 0700);
    if (request.sharing == MountSharing::exclusive) {
      lock_ = FileLock::try_acquire(base + ".lock", LockMode::exclusive);
      if (!lock_) continue;
    } else {
      lock(base, request, cancel);
    }
    directory_ = base + "/data";
    const std::string info = base + "/info";
    if (!exists(info)) {
      CacheMountInfo made;
      made.id = request.id;
      made.target = request.target;
      made.created_ns = now_ns();
      replace_file(info, write_json(made), false, 0600);
    } else if (utimensat(AT_FDCWD, info.c_str(), nullptr, 0) < 0) {
      throw SysError(info);
    }
  }
  if (!exists(directory_)) make_data(directory_, request);
}

void CacheMount::lock(const std::string& base, const Request& request, const Cancel& cancel) {
  const std::string file = base + ".lock";
  const std::string data = base + "/data";
  // Creating the directory takes the lock. A waiter checks each time whether that is still
  // to be done: after it the first user holds a shared lock, which one for itself would wait out.
  for (;;) {
    const bool make = !exists(data);
    const bool alone = make || request.sharing == MountSharing::locked;
    lock_ = FileLock::try_acquire(file, alone ? LockMode::exclusive : LockMode::shared);
    if (!lock_) {
      cancel.check();
      poll(nullptr, 0, kPollMs);
      continue;
    }
    if (!make || request.sharing == MountSharing::locked) return;
    if (!exists(data)) make_data(data, request);
    lock_.reset();
  }
}

std::vector<CacheMountInfo> list_cache_mounts(const StatePaths& paths) {
  std::vector<CacheMountInfo> result;
  for (const std::string& name : list_directory(folder(paths))) {
    if (!Digest::is_valid("sha256:" + name)) continue;
    const std::string base = cat(folder(paths), '/', name);
    CacheMountInfo info;
    try {
      info = read_json<CacheMountInfo>(read_file(base + "/info"), "cache mount");
    } catch (const Error&) {
      // A torn description does not hide what the disk holds.
    }
    info.name = name;
    struct stat status;
    if (stat((base + "/info").c_str(), &status) == 0) {
      info.used_ns = int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    }
    info.size = disk_usage(base + "/data");
    info.in_use = !FileLock::try_acquire(base + ".lock", LockMode::exclusive).has_value();
    result.push_back(std::move(info));
  }
  return result;
}

bool remove_cache_mount(const StatePaths& paths, const std::string& name) {
  const std::string base = cat(folder(paths), '/', name);
  const std::optional<FileLock> lock = FileLock::try_acquire(base + ".lock", LockMode::exclusive);
  if (!lock) return false;
  if (!exists(base)) return true;
  // In one step: half a cache would be taken for a whole one by the next build.
  const std::string trash = cat(paths.root, "/trash/", random_hex(24));
  make_directories(paths.root + "/trash", 0700);
  rename_path(base, trash);
  remove_tree(trash);
  return true;
}

}  // namespace mini::build
