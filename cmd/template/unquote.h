// Constants as Go writes them -> values. Nothing for what Go would refuse. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace mini::templates {

// "a\tb" with Go's escapes, or `raw`; with its quotes.
std::optional<std::string> unquote(const std::string& written);
// 'x' -> 120
std::optional<int64_t> unquote_character(const std::string& written);
// 7, -0x1f, 0b101, 1_000, 1.5e3
std::optional<nlohmann::ordered_json> parse_go_number(const std::string& written);

void append_utf8(std::string& out, uint32_t code);
// The code point at `at`, which moves behind it; U+FFFD for a byte that is not UTF-8.
uint32_t next_rune(const std::string& text, size_t& at);

}  // namespace mini::templates
