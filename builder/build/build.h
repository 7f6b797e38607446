// A Dockerfile and a context -> an image in the store: what `mini build` does. Stages that nothing
// needs are not run; those that do not depend on each other run at the same time. Everything that
// finished stays in the cache, also when a later step fails or the build is cancelled. The same
// input gives the same image id, anywhere, at any time.
//
// Throws DockerfileError when an instruction is the cause (parsing, expansion, a failing RUN, a
// missing source), Error otherwise; the store then has no new image and nothing half-made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "builder/build/event.h"
#include "builder/dockerfile/parser.h"
#include "runtime/image/image_store.h"
#include "runtime/image/reference.h"

namespace mini::build {

struct Secret {  // --secret id=ID[,src=FILE|,env=NAME]
  std::string id;
  std::string file;  // host path; or
  std::string env;   // a variable of mini's own environment
};

enum class Network { standard, none, host };
enum class Pull { missing, always, never };
// Brings an image into the store, whatever is there; `tell` takes how far it is. Throws.
using Fetch = std::function<void(const std::string& image,
                                 const std::function<void(const std::string& progress)>& tell)>;

struct BuildOptions {
  std::string context = ".";        // a directory, or "-": a tar (or, alone, a Dockerfile) on stdin
  std::optional<std::string> file;  // -f: path from the working directory, "-": stdin
  int stdin_fd = 0;
  std::vector<image::Reference> tags;
  std::string target;                             // stage name or index; empty: the last
  std::map<std::string, std::string> build_args;  // --build-arg; without a value: resolved by cmd
  std::map<std::string, std::string> labels;
  std::vector<Secret> secrets;
  bool no_cache = false;
  std::set<std::string> no_cache_stages;  // --no-cache=STAGE, lower case
  Network network = Network::standard;    // for RUN without --network of its own
  bool allow_insecure = false;            // --allow security.insecure
  bool allow_host_network = false;        // --allow network.host
  std::vector<std::string> add_hosts;     // "name:address"
  std::string platform;                   // empty, or the host's: anything else is refused
  Pull pull = Pull::missing;
  Fetch fetch;                    // none: only what is in the store
  int64_t source_date_epoch = 0;  // seconds; clamps times, is the image's `created`
  int cancel_fd = -1;             // readable: stop (finished steps stay cached), throws
};

struct BuildResult {
  Digest id, manifest;
  std::vector<std::string> tags;              // full references
  int executed = 0, cached = 0, skipped = 0;  // steps that give layers
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
