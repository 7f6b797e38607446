// Reads what a container wrote (log_writer.h), across rotated files, in order; follows it through
// rotations until the container ends.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/engine/record/container_store.h"

namespace mini::engine {

struct LogsOptions {
  bool follow = false, timestamps = false;
  std::optional<int64_t> since_ns, until_ns;
  std::optional<uint64_t> tail;  // the last lines; nothing: all
};

// `sink` gets each line (or part of a long one) as it is to be shown; with `timestamps` the time
// stands in front. It may return false to end.
using LogSink = std::function<bool(bool is_stderr, std::string_view text)>;
void read_logs(const ContainerStore& store, const std::string& name, const LogsOptions& options,
               const LogSink& sink);

}  // namespace mini::engine
