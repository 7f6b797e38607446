// Lints of what a stage does as a whole, and of the stages among themselves.
#include "builder/dockerfile/lint_rules.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

const CommandLine* start_command(const Instruction& instruction) {
  if (const Cmd* cmd = instruction.as<Cmd>()) return &cmd->command;
  if (const Entrypoint* entrypoint = instruction.as<Entrypoint>()) return &entrypoint->command;
  return nullptr;
}

// Which instructions of a stage count: the last of each kind.
struct LastOnes {
  const Instruction* cmd = nullptr;
  const Instruction* entrypoint = nullptr;
  const Instruction* healthcheck = nullptr;

  const Instruction** slot(const Instruction& instruction) {
    if (instruction.as<Cmd>()) return &cmd;
    if (instruction.as<Entrypoint>()) return &entrypoint;
    if (instruction.as<Healthcheck>()) return &healthcheck;
    return nullptr;
  }
};

void lint_stage_commands(const Stage& stage, Warnings& out) {
  LastOnes last;
  bool has_shell = false;
  for (const Instruction& instruction : stage.instructions) {
    has_shell = has_shell || instruction.as<Shell>();
    const CommandLine* command = start_command(instruction);
    // A stage that sets SHELL wants it.
    if (command && !command->exec && !has_shell) {
      out.push_back({"JSONArgsRecommended", instruction.range,
                     cat("the shell form of ", instruction.name,
                         " prevents the program from receiving signals"),
                     cat("write ", instruction.name, " [\"program\", \"argument\"]")});
    }
    const Instruction** slot = last.slot(instruction);
    if (!slot) continue;
    if (*slot) {
      out.push_back({"MultipleInstructionsDisallowed", (*slot)->range,
                     cat("this ", instruction.name,
                         " has no effect: a later one of the same stage replaces it"),
                     "remove it"});
    }
    *slot = &instruction;
  }
  if (last.cmd && last.entrypoint && !last.entrypoint->as<Entrypoint>()->command.exec) {
    out.push_back(
        {"ShellFormEntrypointIgnoresCmd", last.cmd->range,
         cat("this CMD is ignored: the ENTRYPOINT in line ", last.entrypoint->range.first.line,
             " is in shell form and takes no arguments"),
         "write ENTRYPOINT [\"program\"]"});
  }
}

// Stages that `instruction` takes something from.
void mark_references(const Dockerfile& file, const Stage& stage, const Instruction& instruction,
                     std::vector<char>& used) {
  const auto mark = [&](const std::string& reference) {
    if (const Stage* found = find_stage(file, reference, stage.index))
      used[static_cast<size_t>(found->index)] = 1;
  };
  if (const Onbuild* onbuild = instruction.as<Onbuild>()) {
    mark_references(file, stage, *onbuild->inner, used);
  } else if (const Copy* copy = instruction.as<Copy>()) {
    if (copy->from) mark(copy->from->text);
  } else if (const Run* run = instruction.as<Run>()) {
    for (const RunMount& mount : run->mounts) mark(mount.value.from);
  }
}

}  // namespace

void lint_commands(const Dockerfile& file, Warnings& out) {
  for (const Stage& stage : file.stages) lint_stage_commands(stage, out);
}

void lint_workdirs(const Dockerfile& file, Warnings& out) {
  const GlobalArgs args = global_arg_defaults(file);
  std::vector<char> has_workdir(file.stages.size(), 0);
  for (const Stage& stage : file.stages) {
    const auto index = static_cast<size_t>(stage.index);
    const Stage* base = find_stage_by_name(file, default_base(file, stage, args), stage.index);
    if (base) has_workdir[index] = has_workdir[static_cast<size_t>(base->index)];
    for (const Instruction& instruction : stage.instructions) {
      const Workdir* workdir = instruction.as<Workdir>();
      if (!workdir) continue;
      const std::string& path = workdir->path.text;
      const bool relative = path.find_first_of("/$\"'\\") != 0;
      if (relative && !has_workdir[index]) {
        out.push_back({"WorkdirRelativePath", workdir->path.range,
                       cat("WORKDIR ", quoted(path), " depends on the WORKDIR of the base image"),
                       "begin the path with a slash"});
      }
      has_workdir[index] = 1;
    }
  }
}

void lint_unused_stages(const Dockerfile& file, Warnings& out) {
  const GlobalArgs args = global_arg_defaults(file);
  std::vector<char> used(file.stages.size(), 0);
  used.back() = 1;
  for (auto stage = file.stages.rbegin(); stage != file.stages.rend(); ++stage) {
    if (!used[static_cast<size_t>(stage->index)]) continue;
    const Stage* base = find_stage_by_name(file, default_base(file, *stage, args), stage->index);
    if (base) used[static_cast<size_t>(base->index)] = 1;
    for (const Instruction& instruction : stage->instructions)
      mark_references(file, *stage, instruction, used);
  }
  for (const Stage& stage : file.stages) {
    if (used[static_cast<size_t>(stage.index)]) continue;
    const std::string name = stage.name.empty() ? std::to_string(stage.index) : stage.name;
    out.push_back({"UnusedStage", stage.from.range,
                   cat("the last stage does not need stage ", quoted(name)),
                   cat("it is built only with --target ", name, "; otherwise remove it")});
  }
}

}  // namespace mini::dockerfile
