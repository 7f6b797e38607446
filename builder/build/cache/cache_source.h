// Where layers of earlier builds, perhaps of other machines, are read: --cache-from. Both classes
// are used by one thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "builder/build/cache/step_record.h"
#include "builder/build/event/reporter.h"
#include "runtime/image/document/manifest.h"

namespace mini::build {

struct CacheOffer {
  std::string config_json;                // cache_image.h
  std::vector<image::Descriptor> layers;  // of the config's diff ids, in their order
};

// One place; cmd knows which kinds there are. What it gives is verified here or by whom it calls.
class CacheSource {
 public:
  virtual ~CacheSource() = default;
  virtual std::string name() const = 0;  // for people
  // Throws when there is none, or it cannot be read.
  virtual CacheOffer open() = 0;
  // Puts a layer into the store, verified and durable. `check` throws when the user gave up.
  virtual void fetch(const image::Descriptor& blob, const Digest& diff_id,
                     const std::function<void()>& check) = 0;
};

// All places of one build, in the order in which they were given. They are opened at the first
// question; one that fails is reported as a warning and not asked again.
class RemoteCache {
 public:
  RemoteCache(const std::vector<std::shared_ptr<CacheSource>>& sources, Reporter& reporter);

  // What the step with this key gave; `protect` is called with the layer's diff id, then the layer
  // is fetched into the store.
  std::optional<StepRecord> fetch(const Digest& key,
                                  const std::function<void(const Digest&)>& protect,
                                  const std::function<void()>& check);

 private:
  struct Found {
    StepRecord record;
    image::Descriptor blob;
    std::shared_ptr<CacheSource> source;
  };
  void open(const std::shared_ptr<CacheSource>& source);
  void drop(const CacheSource& source, const Error& error);

  std::vector<std::shared_ptr<CacheSource>> unopened_;
  Reporter& reporter_;
  std::multimap<Digest, Found> found_;  // by key
};

}  // namespace mini::build
