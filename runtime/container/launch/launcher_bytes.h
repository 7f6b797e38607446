// The launcher's executable (launcher/), as this binary carries it.
#pragma once

#include <string_view>

namespace mini::container {

std::string_view launcher_bytes();

}  // namespace mini::container
