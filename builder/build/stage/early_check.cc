#include "builder/build/stage/early_check.h"

#include <algorithm>

#include "builder/build/source/source_match.h"
#include "builder/build/stage/copy_step.h"
#include "builder/build/stage/named_context.h"
#include "builder/build/stage/stage_state.h"
#include "builder/dockerfile/glob.h"
#include "runtime/base/error.h"
#include "runtime/base/root.h"

namespace mini::build {
namespace {

// Means the same before and after expansion.
bool is_literal(const dockerfile::Word& word) {
  return !word.text.empty() && word.text.find_first_of("$'\"\\`") == std::string::npos &&
         !dockerfile::has_glob(word.text);
}

void check_source(const CopyOrigin& origin, const Context& context, const std::string& source) {
  std::string path = clean_path(source);
  if (path.starts_with('/')) path.erase(0, 1);
  if (path == ".") path.clear();
  const files::View::Resolved found = origin.view->resolve(path);
  if (!found.node) throw missing_source(origin, source, path, false);
  if (!found.node->is_directory() && context.ignored(path))
    throw missing_source(origin, source, path, true);
}

void check_copy(const dockerfile::Dockerfile& file, const dockerfile::Copy& copy,
                Context& context) {
  if (copy.from || copy.checksum) return;  // a checksum of a local file is refused by the step
  const CopyOrigin origin = origin_in(context);
  for (const dockerfile::Word& source : copy.sources) {
    if (!is_literal(source) || source_kind(source.text) != SourceKind::local) continue;
    try {
      check_source(origin, context, source.text);
    } catch (const Error& error) {
      throw dockerfile::DockerfileError(*file.source, source.range, error.what(), error.hint());
    }
  }
}

bool has_checked_words(const dockerfile::Instruction& instruction) {
  if (const auto* stop = instruction.as<dockerfile::Stopsignal>()) return is_literal(stop->signal);
  const auto* expose = instruction.as<dockerfile::Expose>();
  return expose && std::all_of(expose->ports.begin(), expose->ports.end(), is_literal);
}

void check_words(const dockerfile::Dockerfile& file, const dockerfile::Instruction& instruction) {
  if (!has_checked_words(instruction)) return;
  try {
    StageState nowhere = StageState::begin({}, 0);
    apply_metadata(nowhere, instruction, {});
  } catch (const dockerfile::DockerfileError&) {
    throw;
  } catch (const Error& error) {
    throw dockerfile::DockerfileError(*file.source, instruction.range, error.what(), error.hint());
  }
}

}  // namespace

void check_before_pull(const dockerfile::Dockerfile& file, const StageGraph& graph,
                       Context& context) {
  for (const PlannedStage& planned : graph.stages) {
    if (!planned.needed) continue;
    for (const dockerfile::Instruction& instruction : planned.stage->instructions) {
      check_words(file, instruction);
      if (const auto* copy = instruction.as<dockerfile::Copy>()) check_copy(file, *copy, context);
    }
  }
}

}  // namespace mini::build
