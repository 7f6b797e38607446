// One line of a container's log, in the form of Docker's json-file driver:
// {"log":"text\n","stream":"stdout","time":"2026-…Z"}. A line without "\n" at the end of its text
// goes on in the next one of the same stream. Written by hand, because it is written for each line
// of output. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mini::engine {

struct LogLine {
  std::string text;
  bool is_stderr = false;
  std::string time;  // as written
  int64_t time_ns = 0;
};

// Appends the line, with its line end. Bytes that are not UTF-8 become U+FFFD, as JSON has no place
// for them.
void append_log_line(std::string& out, bool is_stderr, std::string_view text,
                     std::string_view time);
// Nothing when the line is damaged (a power cut, a full disk).
std::optional<LogLine> parse_log_line(std::string_view line);

}  // namespace mini::engine
