// The groups of lint rules; lint() runs them all, filters and sorts. Each adds to `out` what it
// finds and changes nothing else.
#pragma once

#include <vector>

#include "builder/dockerfile/parser.h"

namespace mini::dockerfile {

using Warnings = std::vector<Warning>;

// lint_style.cc: StageNameCasing FromAsCasing ConsistentInstructionCasing DuplicateStageName
// ReservedStageName MaintainerDeprecated LegacyKeyValueFormat SecretsUsedInArgOrEnv
void lint_names(const Dockerfile& file, Warnings& out);
void lint_secrets(const Dockerfile& file, Warnings& out);

// lint_stages.cc: JSONArgsRecommended ShellFormEntrypointIgnoresCmd MultipleInstructionsDisallowed
// WorkdirRelativePath UnusedStage
void lint_commands(const Dockerfile& file, Warnings& out);
void lint_workdirs(const Dockerfile& file, Warnings& out);
void lint_unused_stages(const Dockerfile& file, Warnings& out);

// lint_variables.cc: UndefinedArgInFrom InvalidDefaultArgInFrom RedundantTargetPlatform
// UndefinedVar ArgBeforeFromUsedLater
void lint_from_variables(const Dockerfile& file, Warnings& out);
void lint_stage_variables(const Dockerfile& file, Warnings& out);

// lint_chmod.cc: ChmodDoublesLayer
void lint_chmod(const Dockerfile& file, Warnings& out);

// The variables that FROM may use: the global ARGs with their defaults, each expanded with those
// before it, and the platform's. An ARG without a default is there with nothing.
using GlobalArgs = std::map<std::string, std::optional<std::string>>;
GlobalArgs global_arg_defaults(const Dockerfile& file);
bool is_platform_arg(std::string_view name);

// The image or stage that FROM names when nothing is set from outside; empty when it cannot be
// told.
std::string default_base(const Dockerfile& file, const Stage& stage, const GlobalArgs& args);

}  // namespace mini::dockerfile
