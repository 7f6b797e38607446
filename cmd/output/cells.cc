#include "cmd/output/cells.h"

#include <time.h>

#include <cstdio>

#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kShortId = 12;

bool continues_character(char byte) {
  return (byte & 0xC0) == 0x80;
}

}  // namespace

std::string id_cell(const std::string& hex, bool whole) {
  return whole ? hex : hex.substr(0, kShortId);
}

std::string ago_cell(int64_t then_ns, int64_t now_ns) {
  return then_ns <= 0 ? "N/A" : human_duration(now_ns - then_ns) + " ago";
}

std::string time_cell(int64_t ns) {
  if (ns <= 0) return "N/A";
  const time_t seconds = ns / kSecond;
  tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z %Z", &local);
  return text;
}

std::string labels_cell(const std::map<std::string, std::string>& labels) {
  std::string out;
  for (const auto& [key, value] : labels) out += cat(out.empty() ? "" : ",", key, "=", value);
  return out;
}

std::string percent_cell(double percent) {
  char text[32];
  snprintf(text, sizeof text, "%.2f%%", percent);
  return text;
}

std::string cut_cell(std::string_view text, size_t width) {
  size_t characters = 0, kept = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (continues_character(text[at])) continue;
    if (++characters == width) kept = at;
  }
  return characters <= width ? std::string(text) : cat(text.substr(0, kept), "…");
}

}  // namespace mini::cmd
