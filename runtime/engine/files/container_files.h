// A container's files as its processes see them, volumes and mounts included, for `cp`. Of a
// running container: the root of its mount namespace, entered only to open that. Of any other: its
// overlay and its volumes, mounted in a mount namespace of a thread of ours, while the container's
// lock is held, so that it cannot start meanwhile. Nothing of the container runs, and nothing of it
// is loaded (CVE-2019-14271); names are resolved below the held root by the kernel, so that no link
// leads out of it, even while names are swapped (CVE-2018-15664).
#pragma once

#include <functional>
#include <string>

#include "runtime/base/root.h"
#include "runtime/engine/record/engine.h"

namespace mini::engine {

// Throws what `work` throws, and not_found.
void with_container_files(const Engine& engine, const std::string& name,
                          const std::function<void(const Root&)>& work);

}  // namespace mini::engine
