// Which stages a build needs, and what each takes from others: its base, COPY --from, RUN --mount
// from=. A stage refers to earlier ones only, so there is no cycle; one that names itself or a
// later one is an error with its place. Names that are not a stage are images. Pure but for
// `triggers`, which returns the ONBUILD triggers of a base image.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "builder/dockerfile/parser.h"

namespace mini::build {

struct Trigger {  // an ONBUILD instruction of the base
  dockerfile::Source source;
  dockerfile::Instruction instruction;
};

struct ImageUse {
  std::string name;
  dockerfile::Range place;
};

struct PlannedStage {
  const dockerfile::Stage* stage = nullptr;
  bool needed = false;
  std::string base_image;         // expanded; empty: scratch or a stage
  std::optional<int> base_stage;  // index
  std::vector<Trigger> triggers;  // of the base image or stage
  std::vector<int> after;         // stages that are needed first, without the base
  std::vector<ImageUse> images;   // that its steps take files from

  std::string name() const;  // "build", "stage-2"
};

struct StageGraph {
  std::vector<PlannedStage> stages;  // of the Dockerfile
  int target = 0;
};

// "linux/amd64", and whether a platform, as FROM or a flag names it, is this machine's.
std::string host_platform();
bool is_host_platform(const std::string& platform);

// The variables of FROM: ARGs before the first FROM with --build-arg, in order.
std::map<std::string, std::string> global_variables(
    const dockerfile::Dockerfile& file, const std::map<std::string, std::string>& build_args,
    const std::map<std::string, std::string>& predefined);

// `named`: whether a name means a --build-context, which goes before a stage of that name.
StageGraph plan_stages(
    const dockerfile::Dockerfile& file, const std::string& target,
    const std::map<std::string, std::string>& globals,
    const std::function<bool(const std::string& name)>& named,
    const std::function<std::vector<Trigger>(const std::string& image,
                                             const dockerfile::Instruction& from)>& triggers);

// The stage that --from or from= means; nothing: an image. Throws for the stage itself or a later
// one.
std::optional<int> source_stage(const dockerfile::Dockerfile& file, const std::string& reference,
                                const dockerfile::Stage& user, const dockerfile::Range& place);

}  // namespace mini::build
