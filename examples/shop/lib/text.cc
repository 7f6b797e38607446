#include "lib/text.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace shop {

bool is_identifier(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

bool is_email(const std::string& text) {
  size_t at = text.find('@'), dot = text.rfind('.');
  bool shape = at != std::string::npos && at > 0 && at <= 64 && text.find('@', at + 1) == std::string::npos &&
               dot != std::string::npos && dot > at + 1 && dot + 1 < text.size() && text.size() <= 254;
  bool dots = text.find("..") == std::string::npos && text[0] != '.';
  return shape && dots && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > 32 && c != 127 && c != ',' && c != ';' && c != '<' && c != '>' && c != '"';
  });
}

size_t characters(const std::string& utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string iso_time(int64_t micros) {
  std::time_t seconds = micros / 1000000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char date[40], whole[64];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(whole, sizeof whole, "%s.%03dZ", date, static_cast<int>(micros / 1000 % 1000));
  return whole;
}

}  // namespace shop
