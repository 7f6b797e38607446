// Byte sizes as Docker writes and reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mini {

std::string human_size(
    uint64_t bytes);  // decimal, 4 significant digits at most: 1.84kB, 72.8MB (units.HumanSize)
std::string binary_size(uint64_t bytes);  // 1.5MiB (units.BytesSize)
// units.RAMInBytes: "512m", "1g", "1.5GiB", "64K", "1024" -> bytes, factors of 1024, case ignored.
std::optional<int64_t> parse_size(std::string_view text);

}  // namespace mini
