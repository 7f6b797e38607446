// Which files a source word of COPY names: patterns (Go's filepath.Match, one path component at a
// time; links are matched but not entered), and what to say when a file is not there.
#pragma once

#include <string>
#include <vector>

#include "builder/build/source/copy_plan.h"

namespace mini::build {

// Paths in `view`, sorted; what precedes the first component with a wildcard is resolved.
std::vector<std::string> glob_paths(const files::View& view, const std::string& pattern);

// `source "pakage.json": not found` and the cure: the name that was probably meant, or the rule of
// .dockerignore that hides it.
MissingSource missing_source(const CopyOrigin& origin, const std::string& source,
                             const std::string& path, bool hidden);

}  // namespace mini::build
