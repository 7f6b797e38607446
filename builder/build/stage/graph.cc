#include "builder/build/stage/graph.h"

#include <algorithm>
#include <string_view>

#include "builder/dockerfile/expand.h"
#include "runtime/base/text.h"
#include "runtime/image/document/config.h"

namespace mini::build {
namespace {

dockerfile::Lookup lookup_in(const std::map<std::string, std::string>& variables) {
  return [&](std::string_view name) -> std::optional<std::string> {
    const auto it = variables.find(std::string(name));
    if (it == variables.end()) return {};
    return it->second;
  };
}

std::vector<ImageUse> references(const dockerfile::Instruction& instruction) {
  std::vector<ImageUse> result;
  if (const auto* copy = instruction.as<dockerfile::Copy>(); copy != nullptr && copy->from) {
    result.push_back({copy->from->text, copy->from->range});
  }
  if (const auto* run = instruction.as<dockerfile::Run>()) {
    for (const dockerfile::RunMount& mount : run->mounts) {
      const std::string& from = mount.value.from;  // never holds a variable
      if (!from.empty()) result.push_back({from, mount.text.range});
    }
  }
  return result;
}

void check_platform(const dockerfile::Dockerfile& file, const dockerfile::From& from,
                    const std::map<std::string, std::string>& globals) {
  if (!from.platform) return;
  const std::string platform =
      dockerfile::expand_at(*file.source, *from.platform, file.directives, lookup_in(globals));
  if (is_host_platform(platform)) return;
  throw dockerfile::DockerfileError(*file.source, from.platform->range,
                                    cat("platform ", quoted(platform), ": not this machine's"),
                                    cat("omit it, or use ", host_platform()));
}

// The ONBUILD triggers of a stage run in the stages based on it.
std::vector<Trigger> triggers_in(const dockerfile::Stage& stage) {
  std::vector<Trigger> triggers;
  for (const dockerfile::Instruction& instruction : stage.instructions) {
    const auto* onbuild = instruction.as<dockerfile::Onbuild>();
    if (onbuild == nullptr) continue;
    const dockerfile::Source source{cat("ONBUILD of ", stage.name), onbuild->text};
    triggers.push_back({source, dockerfile::parse_trigger(source)});
  }
  return triggers;
}

// By name, or by number where a stage has none.
std::string stage_list(const dockerfile::Dockerfile& file) {
  std::vector<std::string> names;
  for (const dockerfile::Stage& stage : file.stages)
    names.push_back(stage.name.empty() ? cat(stage.index) : printable(stage.name));
  return join(names, ", ");
}

int find_target(const dockerfile::Dockerfile& file, const std::string& target) {
  if (target.empty()) return static_cast<int>(file.stages.size()) - 1;
  if (const dockerfile::Stage* stage = dockerfile::find_stage(file, target)) return stage->index;
  std::vector<std::string_view> names;
  for (const dockerfile::Stage& stage : file.stages) names.push_back(stage.name);
  const auto meant = did_you_mean(target, names);
  throw Error(cat("target stage ", quoted(target), ": not in ", quoted(file.source->name)),
              meant && !meant->empty() ? cat("did you mean ", quoted(*meant), "?")
                                       : cat("stages: ", stage_list(file)),
              ErrorKind::usage);
}

}  // namespace

std::string host_platform() {
  return "linux/" + image::host_architecture();
}

bool is_host_platform(const std::string& platform) {
  return platform.empty() || platform == host_platform() ||
         platform == image::host_architecture() || platform.starts_with(host_platform() + "/");
}

std::string PlannedStage::name() const {
  return stage->name.empty() ? cat("stage-", stage->index) : stage->name;
}

std::map<std::string, std::string> global_variables(
    const dockerfile::Dockerfile& file, const std::map<std::string, std::string>& build_args,
    const std::map<std::string, std::string>& predefined) {
  std::map<std::string, std::string> variables = predefined;
  for (const auto& [name, value] : predefined) {
    if (const auto given = build_args.find(name); given != build_args.end()) {
      variables[name] = given->second;
    }
  }
  for (const dockerfile::Instruction& instruction : file.global_args) {
    for (const dockerfile::ArgPair& pair : instruction.as<dockerfile::Arg>()->pairs) {
      if (const auto given = build_args.find(pair.name.text); given != build_args.end()) {
        variables[pair.name.text] = given->second;
      } else if (pair.value) {
        variables[pair.name.text] =
            dockerfile::expand_at(*file.source, *pair.value, file.directives, lookup_in(variables));
      }
    }
  }
  return variables;
}

std::optional<int> source_stage(const dockerfile::Dockerfile& file, const std::string& reference,
                                const dockerfile::Stage& user, const dockerfile::Range& place) {
  if (const auto* stage = dockerfile::find_stage(file, reference, user.index)) return stage->index;
  const dockerfile::Stage* other = dockerfile::find_stage(file, reference);
  if (other == nullptr) return {};
  if (other->index == user.index) {
    throw dockerfile::DockerfileError(*file.source, place,
                                      cat("stage ", quoted(reference), " takes files from itself"),
                                      "name an earlier stage");
  }
  throw dockerfile::DockerfileError(*file.source, place,
                                    cat("stage ", quoted(reference), " is defined after this one"),
                                    "move it before this stage");
}

StageGraph plan_stages(
    const dockerfile::Dockerfile& file, const std::string& target,
    const std::map<std::string, std::string>& globals,
    const std::function<bool(const std::string& name)>& named,
    const std::function<std::vector<Trigger>(const std::string& image,
                                             const dockerfile::Instruction& from)>& triggers) {
  StageGraph graph;
  graph.target = find_target(file, target);
  for (const dockerfile::Stage& stage : file.stages) graph.stages.emplace_back().stage = &stage;
  graph.stages[static_cast<size_t>(graph.target)].needed = true;
  // From the last to the first: a stage is needed by later ones only.
  for (int index = graph.target; index >= 0; --index) {
    PlannedStage& planned = graph.stages[static_cast<size_t>(index)];
    if (!planned.needed) continue;
    const dockerfile::Stage& stage = *planned.stage;
    const dockerfile::Word& word = stage.base().image;
    const std::string image =
        dockerfile::expand_at(*file.source, word, file.directives, lookup_in(globals));
    if (image.empty()) {
      throw dockerfile::DockerfileError(*file.source, word.range,
                                        cat("base image ", quoted(word.text), " is empty"),
                                        "give its ARG a default before FROM, or a --build-arg");
    }
    check_platform(file, stage.base(), globals);
    const auto* base = named(image) ? nullptr : dockerfile::find_stage_by_name(file, image, index);
    if (base != nullptr) {
      planned.base_stage = base->index;
      planned.triggers = triggers_in(*base);
      graph.stages[static_cast<size_t>(base->index)].needed = true;
    } else if (image != "scratch") {
      planned.base_image = image;
      planned.triggers = triggers(image, stage.from);
    }
    std::vector<ImageUse> used;
    for (const Trigger& trigger : planned.triggers) {
      // Where a trigger comes from is not this file: its FROM is the place to point at.
      for (ImageUse& reference : references(trigger.instruction)) {
        used.push_back({std::move(reference.name), word.range});
      }
    }
    for (const dockerfile::Instruction& instruction : stage.instructions) {
      for (ImageUse& reference : references(instruction)) used.push_back(std::move(reference));
    }
    for (const ImageUse& reference : used) {
      const auto source = named(reference.name)
                              ? std::nullopt
                              : source_stage(file, reference.name, stage, reference.place);
      if (!source) {
        planned.images.push_back(reference);
        continue;
      }
      planned.after.push_back(*source);
      graph.stages[static_cast<size_t>(*source)].needed = true;
    }
  }
  return graph;
}

}  // namespace mini::build
