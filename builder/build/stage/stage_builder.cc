#include "builder/build/stage/stage_builder.h"

#include <algorithm>

#include "builder/build/cache/explain.h"
#include "builder/build/stage/named_context.h"
#include "builder/build/stage/run_step.h"
#include "builder/dockerfile/expand.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {

std::vector<std::string> directories_of(const std::vector<image::Layer>& layers) {
  std::vector<std::string> result;
  for (auto it = layers.begin(); it != layers.end(); ++it) {
    const bool again = std::any_of(
        it + 1, layers.end(), [&](const image::Layer& above) { return above.lower == it->lower; });
    if (!again) result.push_back(it->lower);
  }
  return result;
}

StageBuilder::StageBuilder(Session& session, const StageInputs& inputs)
    : session_(session),
      in_(inputs),
      stage_name_(inputs.planned->name()),
      past_(session.records().history(session.context().identity(), stage_name_)) {}

bool StageBuilder::without_cache() const {
  const BuildOptions& options = session_.options();
  return options.no_cache || options.no_cache_stages.contains(stage_name_) ||
         options.no_cache_stages.contains(cat(in_.planned->stage->index));
}

// Errors of `work` point at `place`; the step's own failure is distinguished from being stopped.
template <class Work>
void StageBuilder::located(const dockerfile::Source& source, const dockerfile::Range& place,
                           Work&& work) {
  try {
    work();
  } catch (const Cancelled&) {
    throw;
  } catch (const dockerfile::DockerfileError&) {
    failed_ = true;
    throw;
  } catch (const Error& error) {
    failed_ = true;
    throw dockerfile::DockerfileError(source, place, error.what(), error.hint());
  }
}

// A stage that stopped half-way keeps what is known of the steps that it did not reach.
std::vector<PastStep> StageBuilder::past_for_next_time() const {
  std::vector<PastStep> result = past_now_;
  if (current_ != nullptr && past_.size() > result.size()) {
    result.insert(result.end(), past_.begin() + static_cast<long>(result.size()), past_.end());
  }
  return result;
}

std::vector<Digest> StageBuilder::keys() const {
  std::vector<Digest> keys;
  for (const PastStep& step : past_now_) keys.push_back(step.key);
  return keys;
}

StageState StageBuilder::build() {
  const dockerfile::Stage& stage = *in_.planned->stage;
  size_t next = 0;
  current_ = &in_.steps[next++];
  located(*in_.file->source, stage.base().image.range, [&] { begin(); });
  for (const Trigger& trigger : in_.planned->triggers) {
    step(trigger.source, trigger.instruction, in_.steps[next++]);
  }
  for (const dockerfile::Instruction& instruction : stage.instructions) {
    step(*in_.file->source, instruction, in_.steps[next++]);
  }
  current_ = nullptr;
  return std::move(state_);
}

void StageBuilder::begin() {
  const int64_t epoch = session_.options().source_date_epoch;
  if (in_.planned->base_stage) {
    state_ = in_.wait(*in_.planned->base_stage).child();
  } else if (in_.planned->base_image.empty()) {
    state_ = StageState::begin({}, epoch);
  } else if (const auto named = named_context(session_.options(), in_.planned->base_image);
             named && !named->directory.empty()) {
    state_ = StageState::begin({}, epoch);
    state_.layers = directory_layers(session_, *named);
  } else {
    const image::Image& image = session_.image(in_.planned->base_image);
    if (image.config.architecture != image::host_architecture()) {
      throw Error(cat("image ", quoted(in_.planned->base_image), ": built for ",
                      quoted(image.config.architecture), ", this machine is ",
                      quoted(image::host_architecture())));
    }
    state_ = StageState::begin(image.config, epoch);
    state_.layers = image.layers;
    session_.reporter().step(EventKind::why, *current_,
                             cat("image ", image.entry.id.short_id(), " is in the store"));
  }
  session_.reporter().step(EventKind::done, *current_);
}

void StageBuilder::step(const dockerfile::Source& source, const dockerfile::Instruction& written,
                        const StepInfo& info) {
  session_.cancel().check();
  current_ = &info;
  source_ = &source;
  located(source, written.range, [&] {
    apply(dockerfile::expand_instruction(source, written, in_.file->directives, state_.lookup()),
          info);
  });
}

void StageBuilder::apply(const dockerfile::Instruction& expanded, const StepInfo& info) {
  if (const auto* change = expanded.as<dockerfile::Workdir>()) return workdir(*change, info);
  if (expanded.as<dockerfile::Copy>() != nullptr) return copy(expanded, info);
  if (expanded.as<dockerfile::Run>() != nullptr) return run(expanded, info);
  if (!apply_metadata(state_, expanded, *in_.args)) throw Error(cat(expanded.name, ": unexpected"));
  session_.reporter().step(EventKind::done, info);
}

std::unique_ptr<files::View> StageBuilder::rootfs() const {
  return std::make_unique<files::View>(files::View::of_layers(directories_of(state_.layers)));
}

void StageBuilder::workdir(const dockerfile::Workdir& workdir, const StepInfo& info) {
  apply_workdir(state_, workdir.path.text);
  const std::string& path = state_.config.working_dir;
  state_.add_history("WORKDIR " + path, path == "/");
  if (path == "/") return session_.reporter().step(EventKind::done, info);
  const std::unique_ptr<files::View> files = rootfs();
  CopyRequest request;
  request.rootfs = files.get();
  request.destination = path;
  Owner owner;
  if (!state_.config.user.empty()) owner = resolve_owner_or_root(*files, state_.config.user);
  CopyPlan plan(request);
  const bool exists = plan.add_new_directory(path, owner);
  const std::vector<PlannedEntry> entries = exists ? std::vector<PlannedEntry>() : plan.finish();
  StepKey key;
  key.add("epoch", cat(session_.options().source_date_epoch));
  key.add_files(entries);
  layer(info, key, [&] {
    return write_plan(entries, session_.layer_store(), session_.paths(),
                      session_.options().source_date_epoch, session_.cancel());
  });
}

CopyOrigin StageBuilder::origin_of(const dockerfile::Copy& copy,
                                   std::unique_ptr<files::View>& view) {
  CopyOrigin origin;
  if (copy.from) {
    view = std::make_unique<files::View>(
        files::View::of_layers(directories_of(layers_of(copy.from->text, copy.from->range))));
    origin.view = view.get();
    origin.keeps_owner = true;
    return origin;
  }
  return origin_in(session_.context());
}

std::vector<image::Layer> StageBuilder::layers_of(const std::string& reference,
                                                  const dockerfile::Range& place) {
  const auto named = named_context(session_.options(), reference);
  if (named && !named->directory.empty()) return directory_layers(session_, *named);
  if (!named) {
    const auto stage = source_stage(*in_.file, reference, *in_.planned->stage, place);
    if (stage) return in_.wait(*stage).layers;
  }
  try {
    return session_.image(reference).layers;
  } catch (const Error& error) {
    throw Error(cat(quoted(reference), " is neither an earlier stage nor an image: ", error.what()),
                error.hint(), error.kind());
  }
}

void StageBuilder::copy(const dockerfile::Instruction& expanded, const StepInfo& info) {
  const auto& copy = *expanded.as<dockerfile::Copy>();
  std::unique_ptr<files::View> view;
  CopyOrigin origin = origin_of(copy, view);
  HashMemo& memo = copy.from ? session_.layer_memo() : session_.context().memo();
  const std::unique_ptr<files::View> files = rootfs();
  CopyStep step(session_, state_, *files, *source_, copy, std::move(origin), memo);
  StepKey key;
  key.add("epoch", cat(session_.options().source_date_epoch));
  step.describe(key);
  for (const std::string& pattern : step.empty_patterns()) {
    session_.reporter().warning(cat(expanded.name, ' ', quoted(pattern), ": matches no file"),
                                "check the pattern and .dockerignore");
  }
  layer(info, key, [&] { return step.run(); });
  state_.add_history(copy_history(expanded), false);
}

void StageBuilder::run(const dockerfile::Instruction& expanded, const StepInfo& info) {
  const auto& run = *expanded.as<dockerfile::Run>();
  RunStep step(session_, state_, run, info,
               [&](const std::string& reference, const dockerfile::Range& place) {
                 return layers_of(reference, place);
               });
  StepKey key;
  step.describe(key);
  layer(info, key, [&] { return step.run(); });
  state_.add_history(run_history(state_, step.argv()), false);
}

std::string StageBuilder::why(const StepInfo& info, const StepKey& key) const {
  if (without_cache()) return "--no-cache";
  const PastStep* past = same_step(past_, info.text, past_now_.size());
  if (past == nullptr) return "not built before";
  const std::optional<StepRecord> record = session_.records().find(past->key);
  if (!record) return "the record of the previous build is missing";
  return explain_difference(record->parts, session_.records().listing(past->key), key);
}

void StageBuilder::layer(const StepInfo& info, const StepKey& key,
                         const std::function<LayerResult()>& execute) {
  Reporter& reporter = session_.reporter();
  const Digest digest = key.digest();
  if (!without_cache()) {
    if (std::optional<image::Layer> found = session_.find(digest)) {
      const size_t files = key.file_count();
      reporter.step(EventKind::why, info,
                    files == 0 ? "nothing changed: same files below, same command"
                               : cat("nothing changed: ", files, files == 1 ? " file" : " files"));
      reporter.step(EventKind::cached, info);
      state_.layers.push_back(std::move(*found));
      past_now_.push_back({info.text, digest});
      ++counts_.cached;
      return;
    }
  }
  const int64_t start = monotonic_ns();
  reporter.step(EventKind::started, info);
  reporter.step(EventKind::why, info, why(info, key));
  LayerResult result = execute();
  StepRecord record;
  record.key = digest;
  record.description = info.text;
  record.parts = key.parts();
  record.created_ns = now_ns();
  state_.layers.push_back(
      session_.keep(std::move(record), key.listing(), std::move(result.draft), result.layer));
  past_now_.push_back({info.text, digest});
  ++counts_.executed;
  reporter.step(EventKind::done, info, {}, monotonic_ns() - start);
}

}  // namespace mini::build
