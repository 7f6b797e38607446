// What a Dockerfile does that it probably should not: BuildKit's rules under their names, and a few
// of mini's own. Pure; needs no context and no image. Sorted by place; `# check=skip=` is obeyed.
// Includes the warnings of the parser.
#pragma once

#include <vector>

#include "builder/dockerfile/parser.h"

namespace mini::dockerfile {

std::vector<Warning> lint(const Dockerfile& file);

// The text form of one warning: "Dockerfile:3:7: warning: message [Rule]", without the hint and the
// excerpt.
std::string warning_text(const Source& source, const Warning& warning);

}  // namespace mini::dockerfile
