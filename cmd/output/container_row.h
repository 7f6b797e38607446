// One container as `ps` and `system df -v` list it: Docker's fields and texts. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runtime/engine/record/record.h"

namespace mini::cmd {

// "Up 2 minutes (healthy)", "Exited (0) 3 seconds ago", "Created", …
std::string status_text(const engine::Record& record, int64_t now_ns);

struct RowStyle {
  bool whole = false;  // --no-trunc
  int64_t now_ns = 0;
  std::string image;  // what to show as the image; empty: as the user wrote it
  std::string size;   // empty: not measured
};
nlohmann::ordered_json container_row(const engine::Record& record, const RowStyle& style);

}  // namespace mini::cmd
