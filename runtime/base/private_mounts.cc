#include "runtime/base/private_mounts.h"

#include <sched.h>
#include <sys/mount.h>

#include "runtime/base/error.h"

namespace mini {

void enter_private_mount_namespace() {
  if (unshare(CLONE_NEWNS) < 0) throw SysError("a private mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
    throw SysError("making mounts private");
}

void mount_privately(const std::string& source, const std::string& target, const char* type,
                     unsigned long flags, const std::string& options, const std::string& what) {
  if (mount(source.c_str(), target.c_str(), type, flags,
            options.empty() ? nullptr : options.c_str()) < 0)
    throw SysError(what);
}

}  // namespace mini
