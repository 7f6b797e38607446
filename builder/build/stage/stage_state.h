// A stage while it is built: the image's configuration so far, its layers, and the variables that
// the next instruction sees. The transitions are BuildKit's: ENV and ARG share one name space where
// the last one wins, ENTRYPOINT drops a CMD that was inherited, history texts are the same to the
// letter. Pure; throws Error.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "builder/dockerfile/expand.h"
#include "builder/dockerfile/instruction.h"
#include "runtime/image/document/config.h"
#include "runtime/image/layer/layer_store.h"

namespace mini::build {

// Where an ARG without a default gets its value from.
struct ArgSources {
  std::map<std::string, std::string> build_args;  // --build-arg
  std::map<std::string, std::string> global;      // ARG before FROM, and TARGETARCH and the like
};

struct Variable {
  std::string name, value;
};

struct DeclaredArg {
  std::string name;
  std::optional<std::string> value;
};

struct StageState {
  image::ImageConfig config;
  std::vector<image::Layer> layers;  // bottom first
  std::vector<Variable> variables;   // ENV and ARG together: what RUN gets
  std::vector<DeclaredArg> args;
  bool cmd_set = false;  // by this stage itself
  std::string created;   // of history entries

  // FROM scratch (no config) or FROM an image; triggers are taken off by the caller.
  static StageState begin(const std::optional<image::ImageConfig>& base, int64_t epoch);
  StageState child() const;  // FROM this stage

  std::optional<std::string> variable(std::string_view name) const;
  void set_variable(const std::string& name, const std::string& value);
  dockerfile::Lookup lookup() const;
  std::string absolute(const std::string& path) const;  // by WORKDIR; a slash at the end stays
  std::vector<std::string> with_shell(const dockerfile::CommandLine& command) const;
  void add_history(const std::string& created_by, bool empty_layer);
  std::string files_key() const;  // names the files of all layers together
};

// ENV, LABEL, ARG, USER, EXPOSE, VOLUME, SHELL, STOPSIGNAL, CMD, ENTRYPOINT, HEALTHCHECK, ONBUILD,
// MAINTAINER: the whole instruction (`instruction` is expanded already, but for ARG, see below).
// Returns false for the others.
bool apply_metadata(StageState& state, const dockerfile::Instruction& instruction,
                    const ArgSources& args);
void apply_workdir(StageState& state, const std::string& path);

// "RUN |1 X=1 /bin/sh -c make # buildkit"
std::string run_history(const StageState& state, const std::vector<std::string>& argv);
// "COPY --chown=1 a b /c # buildkit"
std::string copy_history(const dockerfile::Instruction& expanded);

// TARGETPLATFORM, TARGETOS, TARGETARCH, … for the host, and TARGETSTAGE.
std::map<std::string, std::string> platform_args(const std::string& target_stage);
bool is_proxy_arg(std::string_view name);

}  // namespace mini::build
