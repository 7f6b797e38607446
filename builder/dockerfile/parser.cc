#include "builder/dockerfile/parser.h"

#include <algorithm>

#include "builder/dockerfile/instruction_parser.h"
#include "runtime/base/text.h"

namespace mini::dockerfile {
namespace {

void start_stage(Dockerfile& file, Instruction instruction) {
  Stage stage;
  stage.index = static_cast<int>(file.stages.size());
  stage.name = instruction.as<From>()->alias;
  stage.from = std::move(instruction);
  if (!stage.name.empty()) file.stages_by_name[stage.name].push_back(stage.index);
  file.stages.push_back(std::move(stage));
}

}  // namespace

Dockerfile parse(Source source) {
  Dockerfile file;
  file.source = std::make_shared<const Source>(std::move(source));
  Lines lines = split_lines(*file.source);
  file.directives = std::move(lines.directives);
  file.warnings = std::move(lines.warnings);
  if (lines.lines.empty()) {
    throw DockerfileError(*file.source, {}, "no instruction in this file",
                          "a Dockerfile begins with FROM image");
  }
  const InstructionParser parser(*file.source, file.directives, file.warnings);
  for (const LogicalLine& line : lines.lines) {
    Instruction instruction = parser.parse(line);
    if (instruction.as<From>()) {
      start_stage(file, std::move(instruction));
    } else if (!file.stages.empty()) {
      file.stages.back().instructions.push_back(std::move(instruction));
    } else if (instruction.as<Arg>()) {
      file.global_args.push_back(std::move(instruction));
    } else {
      throw DockerfileError(*file.source, instruction.range,
                            cat(instruction.name, " before the first FROM"),
                            "only ARG may precede FROM");
    }
  }
  if (file.stages.empty()) {
    throw DockerfileError(*file.source, lines.lines.back().range, "no FROM in this file",
                          "add a stage: FROM image");
  }
  return file;
}

Instruction parse_trigger(const Source& source) {
  const Lines lines = split_lines(source);
  if (lines.lines.size() != 1)
    throw DockerfileError(source, {}, "an ONBUILD trigger must be one instruction");
  std::vector<Warning> warnings;
  Instruction out = InstructionParser(source, lines.directives, warnings).parse(lines.lines[0]);
  if (out.name == "FROM" || out.name == "ONBUILD" || out.name == "MAINTAINER")
    throw DockerfileError(source, out.range, cat(out.name, " cannot be an ONBUILD trigger"));
  return out;
}

const Stage* find_stage_by_name(const Dockerfile& file, std::string_view name,
                                std::optional<int> before) {
  const auto named = file.stages_by_name.find(lower(name));
  if (named == file.stages_by_name.end()) return nullptr;
  const std::vector<int>& indexes = named->second;
  auto index = before ? std::ranges::lower_bound(indexes, *before) : indexes.end();
  return index == indexes.begin() ? nullptr : &file.stages[static_cast<size_t>(*--index)];
}

const Stage* find_stage(const Dockerfile& file, std::string_view reference,
                        std::optional<int> before) {
  if (const Stage* stage = find_stage_by_name(file, reference, before)) return stage;
  const size_t limit = before ? static_cast<size_t>(std::max(*before, 0)) : file.stages.size();
  const auto index = parse_number(reference, file.stages.size());
  return index && *index < std::min(limit, file.stages.size()) ? &file.stages[*index] : nullptr;
}

}  // namespace mini::dockerfile
