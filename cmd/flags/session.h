// The global flags of one call of mini, as `main` hands them to the command. Plain values.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/state_paths.h"

namespace mini::cmd {

using Args = std::vector<std::string>;

struct Session {  // the global flags
  StatePaths paths;
  std::string program;  // argv[0]
  std::string config;   // --config: what the user says about registries; empty: the default file
};

}  // namespace mini::cmd
