// What a Dockerfile does that it probably should not: BuildKit's rules under their names, and a few
// of mini's own. Pure; needs no context and no image. Sorted by place; the file's `# check=` is
// obeyed. Includes the warnings of the parser.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "builder/dockerfile/parser.h"

namespace mini::dockerfile {

// `# check=skip=RuleA,RuleB;error=true;experimental=RuleC`, as BuildKit has it. No rule of mini's
// is experimental, so naming one there changes nothing.
class CheckDirective {
 public:
  // `instead`: the text that a build argument puts in the directive's place. Throws DockerfileError
  // for an option that does not exist.
  static CheckDirective of(const Dockerfile& file,
                           const std::optional<std::string>& instead = std::nullopt);

  bool skips(const std::string& rule) const;
  bool fails_build() const { return error_; }  // a warning is an error

 private:
  void set(const std::string& option);

  std::set<std::string> skipped_;  // lower case; "all": every one
  bool error_ = false;
};

std::vector<Warning> lint(const Dockerfile& file, const CheckDirective& check);
std::vector<Warning> lint(const Dockerfile& file);

// The text form of one warning: "Dockerfile:3:7: warning: message [Rule]", without the hint and the
// excerpt.
std::string warning_text(const Source& source, const Warning& warning);

}  // namespace mini::dockerfile
