// `.dockerignore` with the semantics of moby/patternmatcher, and COPY --exclude. Paths are relative
// to the context and clean ("a/b"). The last rule that matches wins; a path below a matched
// directory is matched too. A bad pattern in a file throws DockerfileError with its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/glob.h"
#include "builder/dockerfile/source.h"

namespace mini::dockerfile {

class IgnoreRules {
 public:
  IgnoreRules() = default;  // ignores nothing
  static IgnoreRules parse(
      const Source& source);  // the text of a .dockerignore: comments, blank lines, BOM
  static IgnoreRules from_patterns(const std::vector<std::string>& patterns);  // throws Error

  bool empty() const { return rules_.empty(); }
  // Is this path (file or directory) left out?
  bool ignored(std::string_view path) const;
  // For an ignored directory: could a `!` rule bring back something below it? When not, a walk need
  // not enter.
  bool may_include_below(std::string_view directory) const;

 private:
  struct Rule {
    PathPattern pattern;
    bool include;  // written with '!'
  };
  void add(std::string_view line);

  std::vector<Rule> rules_;
};

}  // namespace mini::dockerfile
