// Why a step runs: its key's parts, compared with those of the same step the last time. Pure.
#pragma once

#include <string>
#include <vector>

#include "builder/build/cache/step_key.h"
#include "builder/build/cache/step_record.h"

namespace mini::build {

// The step of the last time that `instruction` at `position` is to be compared with: the same
// instruction (the first that `used` does not have yet), else the one at the same position.
const PastStep* same_step(const std::vector<PastStep>& past, const std::string& instruction,
                          size_t position);

// "file package.json changed (content)", "ENV value of X changed: "a" -> "b"", "the step before it
// gave other files"; at most three differences, then how many more.
std::string explain_difference(const std::vector<KeyPart>& before, const std::string& files_before,
                               const StepKey& now);

}  // namespace mini::build
