// Builds one stage: its base, then instruction after instruction. A metadata instruction is applied
// at once; one that gives a layer is looked up in the cache by its key, else executed. Every error
// leaves as a DockerfileError that points at the instruction. Runs in its own thread; waits
// for other stages only where it uses them.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "builder/build/cache/step_key.h"
#include "builder/build/stage/copy_step.h"
#include "builder/build/stage/graph.h"
#include "builder/build/stage/layer_result.h"
#include "builder/build/stage/session.h"
#include "builder/build/stage/stage_state.h"

namespace mini::build {

struct StepCounts {
  int executed = 0, cached = 0;
};

struct StageInputs {
  const dockerfile::Dockerfile* file = nullptr;
  const PlannedStage* planned = nullptr;
  std::span<const StepInfo> steps;  // FROM, triggers, instructions
  const ArgSources* args = nullptr;
  std::function<const StageState&(int stage)> wait;  // until that stage is built
};

class StageBuilder {
 public:
  StageBuilder(Session& session, const StageInputs& inputs);

  StageState build();

  // Also after a failure: what was done so far.
  const StepCounts& counts() const { return counts_; }
  std::vector<PastStep> past_for_next_time() const;
  std::vector<Digest> keys() const;  // of the steps that gave layers
  const std::string& past_stage() const { return stage_name_; }
  const StepInfo* current() const { return current_; }  // where it stopped
  bool failed() const { return failed_; }               // by itself, not because another stage did

 private:
  template <class Work>
  void located(const dockerfile::Source& source, const dockerfile::Range& place, Work&& work);
  void begin();
  void step(const dockerfile::Source& source, const dockerfile::Instruction& written,
            const StepInfo& info);
  void apply(const dockerfile::Instruction& expanded, const StepInfo& info);
  void workdir(const dockerfile::Workdir& workdir, const StepInfo& info);
  void copy(const dockerfile::Instruction& expanded, const StepInfo& info);
  void run(const dockerfile::Instruction& expanded, const StepInfo& info);

  // Takes the layer from the cache or executes the step; reports why.
  void layer(const StepInfo& info, const StepKey& key, const std::function<LayerResult()>& execute);
  std::string why(const StepInfo& info, const StepKey& key) const;
  CopyOrigin origin_of(const dockerfile::Copy& copy, std::unique_ptr<files::View>& view);
  std::vector<image::Layer> layers_of(const std::string& reference, const dockerfile::Range& place);
  std::unique_ptr<files::View> rootfs() const;
  bool without_cache() const;

  Session& session_;
  StageInputs in_;
  std::string stage_name_;
  StageState state_;
  StepCounts counts_;
  std::vector<PastStep> past_, past_now_;
  const StepInfo* current_ = nullptr;
  const dockerfile::Source* source_ = nullptr;  // of the current instruction
  bool failed_ = false;
};

// The directories of layers, bottom first. A layer that comes twice counts where it is on top:
// there it shows all that it could show below.
std::vector<std::string> directories_of(const std::vector<image::Layer>& layers);

}  // namespace mini::build
