// Texts that several listings show: ids, times, sizes and labels as Docker writes them. Pure, but
// for the machine's time zone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mini::cmd {

std::string id_cell(const std::string& hex, bool whole);  // 12 digits, or all
std::string ago_cell(int64_t then_ns, int64_t now_ns);    // "2 minutes ago"; "N/A" for no time
std::string time_cell(int64_t ns);  // "2026-11-23 02:48:47 +0000 UTC"; "N/A" for no time
std::string labels_cell(const std::map<std::string, std::string>& labels);  // "a=b,c=d"
std::string percent_cell(double percent);                                   // "1.25%"
// At most `width` characters; what is longer is cut and ends in "…".
std::string cut_cell(std::string_view text, size_t width);

}  // namespace mini::cmd
