#include "runtime/registry/http/retry.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr int kLongestDelay = 30'000;
constexpr int kLongestOrdered = 60;  // seconds

}  // namespace

std::optional<int> RetryPlan::next(std::string_view retry_after) {
  if (++failures_ >= attempts_) return {};
  int delay = delay_ms_;
  for (int i = 1; i < failures_ && delay < kLongestDelay; ++i) delay *= 2;
  delay = std::min(delay, kLongestDelay);
  if (retry_after.empty()) return delay;
  // A date instead of seconds is rare, and a clock of somebody else's.
  const auto seconds = parse_number(retry_after);
  if (!seconds) return delay;
  if (*seconds > kLongestOrdered) return {};
  return std::max(delay, static_cast<int>(*seconds) * 1000);
}

bool RetryPlan::is_worthwhile(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501);
}

}  // namespace mini::registry
