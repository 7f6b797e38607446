#include "runtime/files/entry_name.h"

#include "runtime/base/text.h"

namespace mini::files {

std::optional<std::string> entry_name(std::string_view path) {
  std::string result;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (result.empty()) return {};
      const size_t slash = result.rfind('/');
      result.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    if (!result.empty()) result += '/';
    result += part;
  }
  return result;
}

}  // namespace mini::files
