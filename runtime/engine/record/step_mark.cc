#include "runtime/engine/record/step_mark.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/network/bridge/membership.h"

namespace mini::engine {

StepMark::StepMark(const StatePaths& paths)
    : id_(cat("step-", random_hex(32))), path_(cat(paths.run, "/steps/", id_)) {
  // Before it is locked, a sweep may take it for a dead one's.
  while (!lock_) {
    if (mkdir(path_.c_str(), 0700) < 0 && errno != EEXIST) make_directories(path_, 0700);
    try {
      lock_ = FileLock::acquire(path_ + "/", LockMode::exclusive, "the build step");
    } catch (const SysError& error) {
      if (error.code() != ENOENT) throw;
    }
  }
}

StepMark::~StepMark() {
  rmdir(path_.c_str());
}

void StepMark::sweep(const StatePaths& paths) {
  for (const std::string& id : list_directory(paths.run + "/steps")) {
    const std::string path = cat(paths.run, "/steps/", id);
    try {
      if (!FileLock::try_acquire(path + "/", LockMode::exclusive)) continue;
      debug("step ", id, ": its build was killed, cleaning up");
      container::Cgroup::find(id).remove();
      network::Membership(paths).leave(id);
      rmdir(path.c_str());
    } catch (const SysError& error) {
      if (error.code() != ENOENT) throw;  // it has just ended
    }
  }
}

}  // namespace mini::engine
