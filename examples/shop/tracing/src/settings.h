// What the environment sets. Throws BadInput, which names the variable, for a value that makes no sense.
//
//   PORT               where to listen, 9411
//   DB_PATH            the archive, /data/traces.db
//   MAX_SPANS          how many spans are kept, 100000
//   MAX_MIB            how much of them as JSON, 64 MiB
//   AUTOCOMPLETE_KEYS  tags whose values the search offers, comma-separated, none
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "src/archive.h"

namespace tracing {

struct Settings {
  int port = 9411;
  std::string db_path = "/data/traces.db";
  Bounds bounds;
  std::vector<std::string> tag_keys;
};

// `variable` gives null for what is not set; an empty one counts as not set.
Settings read_settings(const std::function<const char*(const char*)>& variable);

}  // namespace tracing
