// A Dockerfile and a context -> an image in the store: what `mini build` does. Stages that nothing
// needs are not run; those that do not depend on each other run at the same time. Everything that
// finished stays in the cache, also when a later step fails or the build is cancelled. The same
// input gives the same image id, anywhere, at any time.
//
// Throws DockerfileError when an instruction is the cause (parsing, expansion, a failing RUN, a
// missing source), Error otherwise; the store then has no new image and nothing half-made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builder/build/cache/step_record.h"
#include "builder/build/event/event.h"
#include "builder/build/source/options.h"
#include "builder/dockerfile/parser.h"
#include "runtime/image/store/image_store.h"

namespace mini::build {

struct BuildResult {
  Digest id, manifest;
  std::vector<std::string> tags;              // full references
  int executed = 0, cached = 0, skipped = 0;  // steps that give layers
  std::vector<StepRecord> records;            // of all steps that were needed, for --cache-to
  std::vector<Digest> diff_ids;               // of the image, bottom first
  bool written = false;  // false: the image was there already, nothing was written
};

BuildResult build(const BuildOptions& options, image::ImageStore& store, EventSink& sink);

// `--check`: parse, lint, and what the context can tell (a COPY source that .dockerignore leaves
// out). Nothing is built or written. `dockerfile` has the Source for showing the warnings.
struct CheckResult {
  dockerfile::Dockerfile dockerfile;
  std::vector<dockerfile::Warning> warnings;  // sorted by place
};
CheckResult check(const BuildOptions& options, const StatePaths& paths);

// `--list-context`: the files that COPY and ADD may see, after .dockerignore; sorted.
std::vector<std::string> list_context(const BuildOptions& options, const StatePaths& paths);

}  // namespace mini::build
