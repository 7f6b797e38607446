#include "cmd/flags/config_changes.h"

#include "builder/build/stage/stage_state.h"
#include "builder/dockerfile/parser.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

// One instruction of a Dockerfile; such as have no effect on the config are refused.
void apply_change(build::StageState& state, const std::string& text) {
  const dockerfile::Source source{"--change", text};
  const dockerfile::Instruction written = dockerfile::parse_trigger(source);
  const dockerfile::Instruction instruction =
      dockerfile::expand_instruction(source, written, {}, state.lookup());
  if (const auto* workdir = instruction.as<dockerfile::Workdir>()) {
    build::apply_workdir(state, workdir->path.text);
    return;
  }
  if (instruction.as<dockerfile::Arg>() || !build::apply_metadata(state, instruction, {}))
    throw Error(cat("flag --change ", quoted(text), ": ", instruction.name, " changes no config"),
                "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, SHELL, STOPSIGNAL, USER, VOLUME "
                "or WORKDIR",
                ErrorKind::usage);
}

}  // namespace

void apply_changes(image::ImageConfig& config, const std::vector<std::string>& changes) {
  build::StageState state;
  state.config = config;
  for (const std::string& entry : config.env) {
    if (const size_t equals = entry.find('='); equals != std::string::npos)
      state.set_variable(entry.substr(0, equals), entry.substr(equals + 1));
  }
  for (const std::string& change : changes) apply_change(state, change);
  state.config.history = config.history;
  state.config.created = config.created;
  config = std::move(state.config);
}

}  // namespace mini::cmd
