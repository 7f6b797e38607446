// One COPY or ADD: plans it, adds what decides its result to a key, and writes its layer. An
// archive that ADD unpacks is identified by its content; it is unpacked only when the layer has to
// be made. So is a file from the web, which is fetched at most once a step, and a git repository,
// which is identified by its commit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/build/source/copy_plan.h"
#include "builder/build/source/git.h"
#include "builder/build/stage/layer_result.h"
#include "builder/build/stage/session.h"
#include "builder/build/stage/stage_state.h"

namespace mini::build {

class CopyStep {
 public:
  // `copy` is expanded; `source` is for the place of errors. The views outlive the step.
  CopyStep(Session& session, const StageState& state, const files::View& rootfs,
           const dockerfile::Source& source, const dockerfile::Copy& copy, CopyOrigin origin,
           HashMemo& memo);

  void describe(StepKey& key);
  LayerResult run();
  // Patterns that matched nothing: allowed, but seldom meant.
  const std::vector<std::string>& empty_patterns() const { return empty_patterns_; }

 private:
  struct Archive {
    const files::View* from;
    files::Entry file;
    std::unique_ptr<image::Draft> draft;
    std::unique_ptr<files::View> view;
  };
  struct Remote {
    Downloads::File file;
    files::View view;  // of its directory
  };
  struct Repository {
    GitSource source;
    std::string commit;
    std::unique_ptr<image::Draft> draft;
    std::unique_ptr<files::View> view;
  };
  template <class Work>
  void at(const dockerfile::Range& place, Work&& work) const;
  std::vector<PlannedEntry> plan(bool unpacked);
  void add_source(CopyPlan& plan, const dockerfile::Word& source, bool unpacked,
                  size_t& next_archive);
  void add_matches(CopyPlan& plan, const CopyOrigin& origin,
                   const std::vector<CopyPlan::Match>& found, bool unpacked, size_t& next_archive);
  void add_remote(CopyPlan& plan, const std::string& url, bool unpacked, size_t& next_archive);
  const Remote& remote(const std::string& url);
  Repository& repository(const std::string& source);
  void add_repository(CopyPlan& plan, const std::string& source, bool fetched);
  void check_checksum() const;
  bool is_archive(const CopyOrigin& origin, const CopyPlan::Match& match, bool by_default) const;
  void hash_sources();
  void unpack(Archive& archive);

  Session& session_;
  const dockerfile::Source& source_;
  const dockerfile::Copy& copy_;
  CopyOrigin origin_;
  HashMemo& memo_;
  std::string parent_;
  std::optional<files::View> nothing_;  // what --link sees below
  CopyRequest request_;
  std::vector<PlannedEntry> entries_;
  std::vector<Archive> archives_;
  std::map<std::string, Remote> remotes_;           // by URL
  std::map<std::string, Repository> repositories_;  // by source
  std::vector<std::string> empty_patterns_;
};

// What a source word of ADD means: a name in the context, a file of the web, or a git repository.
enum class SourceKind { local, url, git };
SourceKind source_kind(std::string_view source);
// COPY of anything remote: refused with the cure.
void refuse_remote_source(const std::string& source, bool is_add);

}  // namespace mini::build
