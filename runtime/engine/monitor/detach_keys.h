// The keys that end an attached terminal's session without ending the container. Pure.
#pragma once

#include <string>
#include <string_view>

namespace mini::engine {

class DetachScanner {
 public:
  explicit DetachScanner(std::string keys) : keys_(std::move(keys)) {}

  // What is to be forwarded of `typed`; a beginning of the keys is held back until it is clear.
  // After the keys, `found()` and nothing more.
  std::string feed(std::string_view typed);
  bool found() const { return found_; }

 private:
  std::string keys_;
  size_t matched_ = 0;
  bool found_ = false;
};

}  // namespace mini::engine
