// Settings from environment variables. A variable that is unset or empty means the default; one that is set to what makes no sense throws
// std::invalid_argument that names it, so that a service refuses to start rather than run with a guess.
#pragma once
#include <cstdint>
#include <string>

namespace shop {

std::string env_text(const char* name, const std::string& otherwise);
int64_t env_number(const char* name, int64_t otherwise, int64_t least, int64_t most);
double env_fraction(const char* name, double otherwise);  // 0 to 1

}  // namespace shop
