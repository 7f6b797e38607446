#include "src/settings.h"

#include <charconv>
#include <cstring>

namespace tracing {
namespace {

int64_t number(const char* name, const char* text, int64_t largest) {
  int64_t value = 0;
  const char* end = text + std::strlen(text);
  auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end || value < 1 || value > largest) {
    throw BadInput(std::string(name) + ": must be a whole number from 1 to " + std::to_string(largest));
  }
  return value;
}

std::vector<std::string> list(const std::string& text) {
  std::vector<std::string> items;
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find(',', start), text.size());
    if (end > start) items.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return items;
}

}  // namespace

Settings read_settings(const std::function<const char*(const char*)>& variable) {
  Settings settings;
  auto given = [&](const char* name) {
    const char* text = variable(name);
    return text && *text ? text : nullptr;
  };
  if (auto text = given("PORT")) settings.port = static_cast<int>(number("PORT", text, 65535));
  if (auto text = given("DB_PATH")) settings.db_path = text;
  if (auto text = given("MAX_SPANS")) settings.bounds.spans = number("MAX_SPANS", text, 10'000'000);
  if (auto text = given("MAX_MIB")) settings.bounds.bytes = number("MAX_MIB", text, 65536) * 1024 * 1024;
  if (auto text = given("AUTOCOMPLETE_KEYS")) settings.tag_keys = list(text);
  return settings;
}

}  // namespace tracing
