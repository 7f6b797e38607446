// Small checks and forms of text that the services share.
#pragma once
#include <cstdint>
#include <string>

namespace shop {

bool is_identifier(const std::string& text);  // 1 to 64 of A-Z a-z 0-9 - _ .
bool is_email(const std::string& text);       // local@domain.tld; 254 bytes at most, no spaces
size_t characters(const std::string& utf8);
std::string lower(std::string text);  // ASCII letters only
std::string iso_time(int64_t micros);  // since 1970 -> "2024-05-01T12:00:00.123Z"

}  // namespace shop
