// A Dockerfile as mini understood it, one field a line, for `mini build --check --progress debug`
// and the golden tests. Stable text, printable.
#pragma once

#include <string>

#include "builder/dockerfile/parser.h"

namespace mini::dockerfile {

std::string dump(const Dockerfile& file);

}  // namespace mini::dockerfile
