// Flags of `docker run` that mini does not have as its own: each is accepted where it asks for what
// is so anyway, and refused by name, with the reason, otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmd/flags/flags.h"

namespace mini::cmd {

class CompatibleFlags {
 public:
  void declare(Flags& flags);  // they are not shown by --help
  void check() const;          // throws Error (bad_flag)

 private:
  bool no_trust_ = true, api_socket_ = false;
  std::string isolation_, kernel_memory_, runtime_, gpus_, volume_driver_, userns_, io_bandwidth_;
  std::vector<std::string> storage_opt_, link_local_;
  int64_t cpu_count_ = 0, cpu_percent_ = 0, io_operations_ = 0;
};

}  // namespace mini::cmd
