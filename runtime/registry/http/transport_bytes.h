// The transport's executable (transport/), as this binary carries it.
#pragma once

#include <string_view>

namespace mini::registry {

std::string_view transport_bytes();

}  // namespace mini::registry
