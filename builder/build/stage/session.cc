#include "builder/build/stage/session.h"

#include "builder/build/stage/named_context.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::build {

namespace {

std::string agent_of(const BuildOptions& options) {
  const auto agent = options.ssh_agents.find("default");
  return agent == options.ssh_agents.end() ? std::string() : agent->second;
}

}  // namespace

Session::Session(const BuildOptions& options, image::ImageStore& store, EventSink& sink)
    : options_(options),
      store_(store),
      reporter_(sink),
      cancel_(options.cancel_fd),
      context_(options, store.paths()),
      records_(store.paths()),
      layer_memo_(store.paths().root + "/cache/context/layers", true),
      downloads_(store.paths(), options.fetch_url, cancel_),
      git_(agent_of(options), cancel_),
      remote_(options.cache_from, reporter_),
      lease_(store.paths()) {}

std::string Session::empty_directory() {
  const std::lock_guard guard(mutex_);
  if (!empty_) empty_.emplace(store_.paths());
  return empty_->tree();
}

void Session::protect(const Digest& diff_id) {
  lease_.add(diff_id);
}

bool Session::must_fetch(const std::string& name) const {
  if (!options_.fetch || options_.pull == Pull::never) return false;
  return options_.pull == Pull::always || !store_.find(name);
}

void Session::fetch(const std::string& name) {
  reporter_.whole(EventKind::fetching, name);
  options_.fetch(name, [&](const std::string& progress) {
    reporter_.whole(EventKind::fetching, cat(name, " ", progress));
  });
  reporter_.whole(EventKind::fetched, name);
}

const image::Image& Session::image(const std::string& asked) {
  const auto named = named_context(options_, asked);
  const std::string name = named && !named->image.empty() ? named->image : asked;
  const std::lock_guard fetching(fetch_mutex_);
  {
    const std::lock_guard guard(mutex_);
    const auto known = images_.find(name);
    if (known != images_.end()) return known->second;
  }
  if (must_fetch(name)) fetch(name);
  const std::lock_guard guard(mutex_);
  // Shared: what the collector may not take between the look-up and the lease.
  const FileLock lock = store_.lock(LockMode::shared);
  image::Image image = load(name);
  for (const image::Layer& layer : image.layers) protect(layer.diff_id);
  return images_.emplace(name, std::move(image)).first->second;
}

image::Image Session::load(const std::string& name) const {
  try {
    return store_.load(name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found || options_.pull != Pull::never) throw;
    throw Error(cat(error.what(), ", and --offline or --pull=never forbids a pull"), error.hint(),
                error.kind());
  }
}

std::optional<image::Layer> Session::find(const Digest& key) {
  auto layer = find_here(key);
  if (layer || options_.cache_from.empty()) return layer;
  const std::lock_guard fetching(fetch_mutex_);
  const auto protect_layer = [this](const Digest& diff_id) {
    const std::lock_guard guard(mutex_);
    const FileLock lock = store_.lock(LockMode::shared);
    protect(diff_id);
  };
  const auto record = remote_.fetch(key, protect_layer, [this] { cancel_.check(); });
  if (!record) return {};
  StepRecord here = *record;
  here.created_ns = now_ns();
  here.size = store_.layers().get(here.layer).size;
  records_.put(here, {});
  return find_here(key);
}

std::optional<image::Layer> Session::find_here(const Digest& key) {
  const std::lock_guard guard(mutex_);
  for (const Kept& kept : kept_) {
    if (kept.record.key == key) return kept.layer;
  }
  const std::optional<StepRecord> record = records_.find(key);
  if (!record) return {};
  const FileLock lock = store_.lock(LockMode::shared);
  std::optional<image::Layer> layer = store_.layers().find(record->layer);
  if (!layer) {
    debug("build cache: ", key.hex(), ": layer ", record->layer.short_id(), " is gone");
    return {};
  }
  protect(layer->diff_id);
  records_.mark_used(*record);
  return layer;
}

image::Layer Session::keep(StepRecord record, const std::string& listing, image::Draft draft,
                           const image::Layer& layer) {
  const std::lock_guard guard(mutex_);
  record.layer = layer.diff_id;
  record.size = layer.size;
  kept_.push_back({std::move(record), listing, std::move(draft), layer});
  return layer;
}

void Session::publish() {
  const std::lock_guard guard(mutex_);
  if (!kept_.empty()) {
    const FileLock lock = store_.lock(LockMode::shared);
    std::vector<image::Draft> drafts;
    for (Kept& kept : kept_) {
      protect(kept.layer.diff_id);
      drafts.push_back(std::move(kept.draft));
    }
    store_.layers().publish(std::move(drafts));
    for (const Kept& kept : kept_) records_.put(kept.record, kept.listing);
    kept_.clear();
  }
  context_.memo().save();
  layer_memo_.save();
}

}  // namespace mini::build
