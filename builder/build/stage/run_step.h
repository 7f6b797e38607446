// One RUN: what decides its result, and executing it. The command runs on an overlay whose upper
// directory is a draft; what it leaves there becomes the layer (the engine takes
// away what only mounts needed).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builder/build/stage/layer_result.h"
#include "builder/build/stage/run_mounts.h"
#include "builder/build/stage/session.h"
#include "builder/build/stage/stage_state.h"

namespace mini::build {

class RunStep {
 public:
  RunStep(Session& session, const StageState& state, const dockerfile::Run& run,
          const StepInfo& info, const LayersOf& layers_of);

  const std::vector<std::string>& argv() const { return argv_; }  // with the shell
  void describe(StepKey& key);
  LayerResult run();

 private:
  LayerResult execute();
  std::string network_mode() const;
  std::vector<std::string> environment() const;

  Session& session_;
  const StageState& state_;
  const dockerfile::Run& run_;
  const StepInfo& info_;
  std::vector<std::string> argv_;
  RunMounts mounts_;
};

}  // namespace mini::build
