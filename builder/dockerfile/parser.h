// Text to stages of typed instructions. Pure. The whole Dockerfile language of BuildKit is read;
// the first error wins and is thrown as DockerfileError with line, column, excerpt and, for typing
// errors, what was probably meant. Linear in the size of the text.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/dockerfile/instruction.h"

namespace mini::dockerfile {

struct Stage {
  int index = 0;
  std::string name;  // lower case; empty without AS
  Instruction from;
  std::vector<Instruction> instructions;  // without FROM

  const From& base() const { return *from.as<From>(); }
};

struct Dockerfile {
  std::shared_ptr<const Source> source;
  Directives directives;
  std::vector<Instruction> global_args;                    // each an Arg
  std::vector<Stage> stages;                               // not empty
  std::map<std::string, std::vector<int>> stages_by_name;  // indexes, ascending
  std::vector<Warning> warnings;  // found while parsing; lint() repeats them
};

Dockerfile parse(Source source);

// The one instruction in an image's ONBUILD trigger; FROM, ONBUILD and MAINTAINER are refused.
Instruction parse_trigger(const Source& source);

// The stage that `reference` (COPY --from, --target, a mount's from) names: by name, case ignored,
// the last one before `before` winning; else by index. Only stages with an index below `before` are
// seen (none given: all).
const Stage* find_stage(const Dockerfile& file, std::string_view reference,
                        std::optional<int> before = std::nullopt);
// The same for FROM: by name only.
const Stage* find_stage_by_name(const Dockerfile& file, std::string_view name,
                                std::optional<int> before = std::nullopt);

}  // namespace mini::dockerfile
