// Mounts that only the calling thread sees: a mount namespace of its own, from which nothing
// reaches the host and which ends with the thread, so that a killed mini leaves no mount behind.
// Sources and targets are directories of mini's own, or /proc/self/fd/N of what is held. Throws
// SysError.
#pragma once

#include <string>

namespace mini {

// For the calling thread only; may not be undone.
void enter_private_mount_namespace();

// mount(2), after enter_private_mount_namespace. `type` null: a bind; `what` is for the error.
void mount_privately(const std::string& source, const std::string& target, const char* type,
                     unsigned long flags, const std::string& options, const std::string& what);

}  // namespace mini
