#include "runtime/engine/monitor/detach_keys.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/engine/monitor/attach.h"

namespace mini::engine {

std::string parse_detach_keys(const std::string& text) {
  std::string keys;
  if (text.empty()) return keys;
  for (const std::string& key : split(text, ',')) {
    const std::string name = lower(key);
    if (key.size() == 1) {
      keys += key;
    } else if (name.size() == 6 && name.starts_with("ctrl-") &&
               ((name[5] >= 'a' && name[5] <= 'z') ||
                std::string_view("@[\\]^_").find(name[5]) != std::string::npos)) {
      keys += static_cast<char>(name[5] & 0x1f);
    } else {
      throw Error(cat("--detach-keys ", quoted(text), ": ", quoted(key), " is not a key"),
                  "letters or ctrl-LETTER, separated by commas: ctrl-p,ctrl-q", ErrorKind::usage);
    }
  }
  return keys;
}

std::string DetachScanner::feed(std::string_view typed) {
  std::string out;
  if (keys_.empty()) return std::string(typed);
  for (const char c : typed) {
    if (found_) break;
    if (c != keys_[matched_]) {
      out += keys_.substr(0, matched_);
      matched_ = 0;
    }
    if (c != keys_[matched_]) {
      out += c;
    } else if (++matched_ == keys_.size()) {
      found_ = true;
    }
  }
  return out;
}

}  // namespace mini::engine
