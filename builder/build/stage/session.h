// What all stages of one build share: the context, the store, the cache, events, cancellation, and
// the layers made so far. Layers of a build stay private drafts until publish(), which makes all of
// them durable with one sync and only then writes the records that name them. Everything that is
// used is listed in a lease, so that no collector takes it meanwhile. Safe to use from several
// threads.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "builder/build/cache/cache_source.h"
#include "builder/build/cache/step_record.h"
#include "builder/build/event/cancel.h"
#include "builder/build/event/reporter.h"
#include "builder/build/source/context.h"
#include "builder/build/source/downloads.h"
#include "builder/build/source/git.h"
#include "builder/build/stage/build.h"
#include "runtime/image/store/image_store.h"
#include "runtime/image/store/lease.h"

namespace mini::build {

class Session {
 public:
  Session(const BuildOptions& options, image::ImageStore& store, EventSink& sink);

  const BuildOptions& options() const { return options_; }
  const StatePaths& paths() const { return store_.paths(); }
  const image::LayerStore& layer_store() const { return store_.layers(); }
  Reporter& reporter() { return reporter_; }
  Cancel& cancel() { return cancel_; }
  Context& context() { return context_; }
  const RecordStore& records() const { return records_; }
  HashMemo& layer_memo() { return layer_memo_; }  // of files in layers
  Downloads& downloads() { return downloads_; }
  const Git& git() const { return git_; }
  std::string empty_directory();  // a lower for overlays that have none

  // Loaded once each, and leased; fetched first when it must be. Throws not_found with the cure.
  const image::Image& image(const std::string& name);

  // The layer that a step with this key gave, in this build or an earlier one, here or in a cache
  // of --cache-from; leased.
  std::optional<image::Layer> find(const Digest& key);
  // A finished step: kept for publish(); returns the layer as the rest of the build can use it.
  image::Layer keep(StepRecord record, const std::string& listing, image::Draft draft,
                    const image::Layer& layer);
  // Makes everything kept permanent. Called once, also after a failure.
  void publish();
  bool has_kept() const { return !kept_.empty(); }

 private:
  struct Kept {
    StepRecord record;
    std::string listing;
    image::Draft draft;
    image::Layer layer;
  };
  image::Image load(const std::string& name) const;
  void protect(const Digest& diff_id);
  bool must_fetch(const std::string& name) const;
  void fetch(const std::string& name);
  std::optional<image::Layer> find_here(const Digest& key);

  const BuildOptions options_;
  image::ImageStore& store_;
  Reporter reporter_;
  Cancel cancel_;
  Context context_;
  RecordStore records_;
  HashMemo layer_memo_;
  Downloads downloads_;
  const Git git_;

  std::mutex fetch_mutex_;  // before mutex_
  RemoteCache remote_;
  std::mutex mutex_;
  image::Lease lease_;
  std::map<std::string, image::Image> images_;
  std::vector<Kept> kept_;
  std::optional<image::Draft> empty_;
};

}  // namespace mini::build
