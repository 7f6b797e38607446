#include "runtime/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <set>

#include "runtime/base/clock.h"

namespace mini {
namespace {

// The moment of set_debug(true); 0 while it is off.
constinit std::atomic<int64_t> debug_start = 0;

// One write(2), so that the lines of several processes do not mix. Nothing can be done when it
// fails.
void write_line(const std::string& line) {
  const std::string whole = cat(printable(line), '\n');
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, whole.data(), whole.size());
}

}  // namespace

void set_debug(bool on) {
  debug_start = on ? monotonic_ns() : 0;
}

bool debug_enabled() {
  return debug_start.load(std::memory_order_relaxed) != 0;
}

void write_debug(const std::string& line) {
  char stamp[32];
  const double elapsed = static_cast<double>(monotonic_ns() - debug_start) / 1e6;
  snprintf(stamp, sizeof stamp, "[%9.3f] ", elapsed);
  write_line(cat(stamp, line));
}

void warn_once(const std::string& line) {
  static std::mutex mutex;
  static std::set<std::string> seen;
  const std::lock_guard guard(mutex);
  if (seen.insert(line).second) write_line(cat("warning: ", line));
}

}  // namespace mini
