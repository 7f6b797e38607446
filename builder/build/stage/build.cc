#include "builder/build/stage/build.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <thread>

#include "builder/build/stage/early_check.h"
#include "builder/build/stage/graph.h"
#include "builder/build/stage/named_context.h"
#include "builder/build/stage/scheduler.h"
#include "builder/build/stage/session.h"
#include "builder/build/stage/stage_builder.h"
#include "builder/dockerfile/lint.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::build {
namespace {

std::string one_line(const dockerfile::Instruction& instruction) {
  std::string text = instruction.text;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

bool gives_layer(const dockerfile::Instruction& instruction) {
  return instruction.as<dockerfile::Run>() != nullptr ||
         instruction.as<dockerfile::Copy>() != nullptr ||
         instruction.as<dockerfile::Workdir>() != nullptr;
}

void check_platform(const std::string& platform) {
  if (is_host_platform(platform)) return;
  throw Error(
      cat("platform ", quoted(platform), ": this machine builds for ", host_platform(), " only"),
      "", ErrorKind::usage);
}

// One build from beginning to end.
class Build {
 public:
  Build(const BuildOptions& options, image::ImageStore& store, EventSink& sink)
      : store_(store),
        session_(options, store, sink),
        file_(dockerfile::parse(session_.context().dockerfile())) {}

  BuildResult run() {
    announce_warnings();
    plan();
    announce_steps();
    StageState state = build_stages();
    return finish(std::move(state));
  }

 private:
  struct StageSteps {
    std::vector<StepInfo> infos;  // FROM, triggers, instructions
    std::unique_ptr<StageBuilder> builder;
    bool ended = false;
  };

  void announce_warnings();
  void plan();
  std::vector<Trigger> triggers_of(const std::string& image, const dockerfile::Instruction& from);
  void number_steps();
  void announce_steps();
  bool is_directory_context(const std::string& name) const;
  void check_build_args();
  void load_images();
  StageState build_stages();
  StageState build_stage(int index);
  void report_failure(const Error& error);
  void keep_results();
  BuildResult finish(StageState state);

  image::ImageStore& store_;
  Session session_;
  dockerfile::Dockerfile file_;
  std::map<std::string, std::string> predefined_;
  ArgSources args_;
  StageGraph graph_;
  std::vector<StageSteps> steps_;
  BuildResult result_;
};

void Build::announce_warnings() {
  const auto check = dockerfile::CheckDirective::of(file_, check_override(session_.options()));
  std::set<std::string> rules;
  for (const dockerfile::Warning& warning : dockerfile::lint(file_, check)) {
    session_.reporter().warning(*file_.source, warning);
    rules.insert(warning.rule);
  }
  if (!check.fails_build() || rules.empty()) return;
  throw Error(cat("lint violation found for rules: ",
                  join(std::vector<std::string>(rules.begin(), rules.end()), ", ")),
              "the Dockerfile's `# check=error=true` makes warnings errors");
}

void Build::plan() {
  const BuildOptions& options = session_.options();
  predefined_ = platform_args(options.target.empty() ? "default" : options.target);
  args_.build_args = options.build_args;
  args_.global = global_variables(file_, options.build_args, predefined_);
  const auto named = [&](const std::string& name) {
    return named_context(options, name).has_value();
  };
  const auto no_triggers = [](const std::string&, const dockerfile::Instruction&) {
    return std::vector<Trigger>();
  };
  check_before_pull(file_, plan_stages(file_, options.target, args_.global, named, no_triggers),
                    session_.context());
  graph_ = plan_stages(file_, options.target, args_.global, named,
                       [this](const std::string& image, const dockerfile::Instruction& from) {
                         return triggers_of(image, from);
                       });
  check_build_args();
  load_images();
  number_steps();
}

std::vector<Trigger> Build::triggers_of(const std::string& image,
                                        const dockerfile::Instruction& from) {
  std::vector<Trigger> triggers;
  if (is_directory_context(image)) return triggers;
  const dockerfile::Range& place = from.as<dockerfile::From>()->image.range;
  try {
    for (const std::string& text : session_.image(image).config.on_build) {
      const dockerfile::Source source{cat("ONBUILD of ", image), text};
      triggers.push_back({source, dockerfile::parse_trigger(source)});
    }
  } catch (const dockerfile::DockerfileError&) {
    throw;
  } catch (const Error& error) {
    throw dockerfile::DockerfileError(*file_.source, place, error.what(), error.hint());
  }
  return triggers;
}

bool Build::is_directory_context(const std::string& name) const {
  const auto named = named_context(session_.options(), name);
  return named && !named->directory.empty();
}

// Before the first step, so that what is not there does not end a build that has run for an hour.
void Build::load_images() {
  for (const PlannedStage& planned : graph_.stages) {
    if (!planned.needed) continue;
    for (const ImageUse& use : planned.images) {
      if (is_directory_context(use.name)) continue;
      try {
        session_.image(use.name);
      } catch (const Error& error) {
        throw dockerfile::DockerfileError(
            *file_.source, use.place,
            cat(quoted(use.name), " is neither an earlier stage nor an image: ", error.what()),
            error.hint());
      }
    }
  }
}

void Build::check_build_args() {
  std::vector<std::string> declared;
  const auto add = [&](const dockerfile::Instruction& instruction) {
    const auto* arg = instruction.as<dockerfile::Arg>();
    if (arg == nullptr) return;
    for (const dockerfile::ArgPair& pair : arg->pairs) declared.push_back(pair.name.text);
  };
  for (const dockerfile::Instruction& instruction : file_.global_args) add(instruction);
  for (const PlannedStage& planned : graph_.stages) {
    for (const Trigger& trigger : planned.triggers) add(trigger.instruction);
    for (const dockerfile::Instruction& instruction : planned.stage->instructions) add(instruction);
  }
  const std::vector<std::string_view> names(declared.begin(), declared.end());
  for (const auto& [name, value] : session_.options().build_args) {
    if (is_proxy_arg(name) || name.starts_with("BUILDKIT_") || predefined_.contains(name) ||
        name == "SOURCE_DATE_EPOCH" ||
        std::find(declared.begin(), declared.end(), name) != declared.end()) {
      continue;
    }
    const auto meant = did_you_mean(name, names);
    session_.reporter().warning(cat("--build-arg ", name, ": no ARG of that name"),
                                meant ? cat("did you mean ", quoted(*meant), "?") : "");
  }
}

void Build::number_steps() {
  int number = 0;
  const auto needed = std::count_if(graph_.stages.begin(), graph_.stages.end(),
                                    [](const PlannedStage& stage) { return stage.needed; });
  for (const PlannedStage& planned : graph_.stages) {
    StageSteps& steps = steps_.emplace_back();
    // The base of an unneeded stage was not looked at.
    const bool counts_base = !planned.base_image.empty() || !planned.needed;
    int total = counts_base ? 1 : 0;
    const auto add = [&](const dockerfile::Instruction& instruction, const std::string& text,
                         const dockerfile::Range& range, bool layer) {
      StepInfo info;
      info.number = ++number;
      info.stage = planned.name();
      info.named = !planned.stage->name.empty();
      info.only_stage = needed == 1;
      info.text = text;
      info.range = range;
      info.position = layer ? 1 : 0;
      total += layer && &instruction != &planned.stage->from ? 1 : 0;
      steps.infos.push_back(std::move(info));
    };
    const dockerfile::Instruction& from = planned.stage->from;
    add(from, one_line(from), from.range, counts_base);
    for (const Trigger& trigger : planned.triggers) {
      add(trigger.instruction, "ONBUILD " + one_line(trigger.instruction), from.range,
          gives_layer(trigger.instruction));
    }
    for (const dockerfile::Instruction& instruction : planned.stage->instructions) {
      add(instruction, one_line(instruction), instruction.range, gives_layer(instruction));
    }
    int position = 0;
    for (StepInfo& info : steps.infos) {
      if (info.position == 0) continue;
      info.position = ++position;
      info.total = total;
    }
  }
}

void Build::announce_steps() {
  for (const StageSteps& steps : steps_) {
    for (const StepInfo& info : steps.infos) session_.reporter().step(EventKind::known, info);
  }
  const std::string target = graph_.stages[static_cast<size_t>(graph_.target)].name();
  for (size_t i = 0; i < graph_.stages.size(); ++i) {
    if (graph_.stages[i].needed) continue;
    for (const StepInfo& info : steps_[i].infos) {
      session_.reporter().step(EventKind::skipped, info, cat("not needed by ", target));
      result_.skipped += info.total > 0 ? 1 : 0;
    }
  }
}

StageState Build::build_stage(int index) {
  StageSteps& steps = steps_[static_cast<size_t>(index)];
  StageState state = steps.builder->build();
  steps.ended = true;
  return state;
}

StageState Build::build_stages() {
  const int at_once = static_cast<int>(std::max(1U, std::thread::hardware_concurrency())) + 1;
  Scheduler scheduler(graph_, session_.cancel(), at_once);
  for (size_t i = 0; i < graph_.stages.size(); ++i) {
    if (!graph_.stages[i].needed) continue;
    StageInputs inputs;
    inputs.file = &file_;
    inputs.planned = &graph_.stages[i];
    inputs.steps = steps_[i].infos;
    inputs.args = &args_;
    inputs.wait = [&scheduler](int stage) -> const StageState& { return scheduler.wait(stage); };
    steps_[i].builder = std::make_unique<StageBuilder>(session_, inputs);
  }
  try {
    StageState state = scheduler.run([this](int stage) { return build_stage(stage); });
    keep_results();
    return state;
  } catch (const Error& error) {
    report_failure(error);
    keep_results();
    throw;
  }
}

void Build::report_failure(const Error& error) {
  const bool stopped = dynamic_cast<const Cancelled*>(&error) != nullptr;
  for (const StageSteps& steps : steps_) {
    if (!steps.builder || steps.ended) continue;
    const StepInfo* current = steps.builder->current();
    bool after = false;
    for (const StepInfo& info : steps.infos) {
      if (&info == current) {
        after = true;
        const bool cause = !stopped && steps.builder->failed();
        session_.reporter().step(cause ? EventKind::failed : EventKind::cancelled, info,
                                 cause ? error.what() : "");
      } else if (after || current == nullptr) {
        session_.reporter().step(EventKind::cancelled, info);
      }
    }
  }
}

// Everything that finished stays in the cache, also after a failure.
void Build::keep_results() {
  if (session_.has_kept()) session_.reporter().whole(EventKind::storing);
  session_.publish();
  for (const StageSteps& steps : steps_) {
    if (!steps.builder) continue;
    const StageBuilder& builder = *steps.builder;
    result_.executed += builder.counts().executed;
    result_.cached += builder.counts().cached;
    for (const Digest& key : builder.keys())
      if (auto record = session_.records().find(key)) result_.records.push_back(*record);
    session_.records().put_history(session_.context().identity(), builder.past_stage(),
                                   builder.past_for_next_time());
  }
}

BuildResult Build::finish(StageState state) {
  const BuildOptions& options = session_.options();
  for (const auto& [name, value] : options.labels) state.config.labels[name] = value;
  state.config.diff_ids.clear();
  for (const image::Layer& layer : state.layers) state.config.diff_ids.push_back(layer.diff_id);
  std::vector<std::string> tags;
  for (const image::Reference& tag : options.tags) tags.push_back(tag.full());
  const Digest id = Digest::of(state.config.to_json());
  std::optional<image::ImageEntry> entry = store_.find(id.str());
  const bool tagged =
      entry && std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
        return std::find(entry->tags.begin(), entry->tags.end(), tag) != entry->tags.end();
      });
  if (!tagged) {
    session_.reporter().whole(EventKind::storing);
    entry = store_.put(state.config, options.tags);
    result_.written = true;
  }
  result_.id = entry->id;
  result_.manifest = entry->manifest;
  result_.tags = tags;
  result_.diff_ids = state.config.diff_ids;
  session_.reporter().whole(EventKind::stored, result_.id.str());
  return result_;
}

}  // namespace

BuildResult build(const BuildOptions& options, image::ImageStore& store, EventSink& sink) {
  check_platform(options.platform);
  BuildOptions effective = options;
  if (const auto given = options.build_args.find("SOURCE_DATE_EPOCH");
      given != options.build_args.end()) {
    const auto epoch = parse_number(given->second, 1ULL << 40);
    if (!epoch) throw Error("--build-arg SOURCE_DATE_EPOCH: not a number of seconds");
    effective.source_date_epoch = static_cast<int64_t>(*epoch);
  }
  return Build(effective, store, sink).run();
}

}  // namespace mini::build
