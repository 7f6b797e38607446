#include "runtime/engine/monitor/log_format.h"

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

namespace mini::engine {
namespace {

// The length of the valid UTF-8 sequence at the start of `text`, or 0.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first < 0xe0   ? 2
                        : (first & 0xf0) == 0xe0        ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  while (!text.empty()) {
    const char c = text[0];
    size_t used = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    } else if (const size_t length = sequence_length(text); length > 0) {
      out += text.substr(0, length);
      used = length;
    } else {
      out += "\xef\xbf\xbd";
    }
    text.remove_prefix(used);
  }
}

}  // namespace

void append_log_line(std::string& out, bool is_stderr, std::string_view text,
                     std::string_view time) {
  out += R"({"log":")";
  append_escaped(out, text);
  out += is_stderr ? R"(","stream":"stderr","time":")" : R"(","stream":"stdout","time":")";
  out += time;
  out += "\"}\n";
}

std::optional<LogLine> parse_log_line(std::string_view line) {
  try {
    const Json document = parse_json(line, "log");
    const JsonView view(document, "log");
    LogLine out;
    out.text = view.at("log").string();
    out.is_stderr = view.string_or("stream") == "stderr";
    out.time = view.string_or("time");
    out.time_ns = parse_rfc3339(out.time).value_or(0);
    return out;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace mini::engine
