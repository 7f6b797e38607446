// When a failed request is tried again, and after how long: a pure plan. Delays double from the
// first, at most 30 s; a server's Retry-After is obeyed up to 60 s, and one that asks for more is
// not waited for. Progress (bytes of a blob that came) gives all attempts back.
#pragma once

#include <optional>
#include <string_view>

namespace mini::registry {

class RetryPlan {
 public:
  RetryPlan(int attempts, int delay_ms) : attempts_(attempts), delay_ms_(delay_ms) {}

  // After a failure: how long to wait, or nothing when it was the last attempt.
  std::optional<int> next(std::string_view retry_after = {});
  void progress() { failures_ = 0; }

  static bool is_worthwhile(int status);  // 408, 429, 5xx but 501

 private:
  int attempts_, delay_ms_;
  int failures_ = 0;
};

}  // namespace mini::registry
