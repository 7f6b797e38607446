#include "lib/environment.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>

namespace shop {
namespace {

template <typename Number>
Number parse(const char* name, const std::string& text, Number least, Number most) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
    throw std::invalid_argument(std::string(name) + ": \"" + text + "\" is no number from " +
                                std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

}  // namespace

std::string env_text(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

int64_t env_number(const char* name, int64_t otherwise, int64_t least, int64_t most) {
  std::string text = env_text(name, "");
  return text.empty() ? otherwise : parse<int64_t>(name, text, least, most);
}

double env_fraction(const char* name, double otherwise) {
  std::string text = env_text(name, "");
  return text.empty() ? otherwise : parse<double>(name, text, 0, 1);
}

}  // namespace shop
