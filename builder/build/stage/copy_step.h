// One COPY or ADD: plans it, adds what decides its result to a key, and writes its layer. A local
// archive that ADD unpacks is identified by its content; it is unpacked only when the layer has to
// be made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/build/source/copy_plan.h"
#include "builder/build/stage/layer_result.h"
#include "builder/build/stage/session.h"
#include "builder/build/stage/stage_state.h"

namespace mini::build {

class CopyStep {
 public:
  // `copy` is expanded; `source` is for the place of errors. The views outlive the step.
  CopyStep(Session& session, const StageState& state, const FileView& rootfs,
           const dockerfile::Source& source, const dockerfile::Copy& copy, CopyOrigin origin,
           HashMemo& memo);

  void describe(StepKey& key);
  LayerResult run();
  // Patterns that matched nothing: allowed, but seldom meant.
  const std::vector<std::string>& empty_patterns() const { return empty_patterns_; }

 private:
  struct Archive {
    FileEntry file;
    std::unique_ptr<image::Draft> draft;
    std::unique_ptr<FileView> view;
  };
  template <class Work>
  void at(const dockerfile::Range& place, Work&& work) const;
  std::vector<PlannedEntry> plan(bool unpacked);
  void add_source(CopyPlan& plan, const std::string& source, bool unpacked, size_t& next_archive);
  bool is_archive(const CopyPlan::Match& match) const;
  void unpack(Archive& archive);

  Session& session_;
  const dockerfile::Source& source_;
  const dockerfile::Copy& copy_;
  CopyOrigin origin_;
  HashMemo& memo_;
  std::string parent_;
  std::optional<FileView> nothing_;  // what --link sees below
  CopyRequest request_;
  std::vector<PlannedEntry> entries_;
  std::vector<Archive> archives_;
  std::vector<std::string> empty_patterns_;
};

// ADD of a URL or a git repository, COPY of the same: refused with the cure.
void refuse_remote_source(const std::string& source, bool is_add);

}  // namespace mini::build
