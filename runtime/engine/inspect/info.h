// What `info` shows about this store and this machine. Reads only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/engine/record/engine.h"

namespace mini::engine {

struct Info {
  uint64_t containers = 0, running = 0, paused = 0, stopped = 0, images = 0;
  std::string kernel_version, operating_system, architecture, host_name;
  unsigned cpus = 0;
  uint64_t memory_bytes = 0;
  std::string cgroup_layout;   // "none", "v1", "hybrid", "v2"
  std::string storage_driver;  // "overlay2", as Docker calls it
  std::string root, run_root;
  std::vector<std::string> security_options;  // "name=seccomp,profile=builtin", …
  std::vector<std::string> warnings;          // what cannot be limited here, one line each
};
Info info(Engine& engine);

}  // namespace mini::engine
