// build: a Dockerfile and a context -> an image.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <memory>

#include "builder/build/source/remote_context.h"
#include "builder/build/stage/build.h"
#include "builder/dockerfile/lint.h"
#include "cmd/commands/commands.h"
#include "cmd/flags/build_cache.h"
#include "cmd/flags/build_flags.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/missing_images.h"
#include "cmd/flags/stores.h"
#include "cmd/flags/transfer_progress.h"
#include "cmd/output/build_output.h"
#include "cmd/output/listing.h"
#include "cmd/output/progress.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/image/transfer/load.h"
#include "runtime/registry/distribution/push.h"

namespace mini::cmd {
namespace {

int check_only(const Session& session, const build::BuildOptions& options) {
  const build::CheckResult result = build::check(options, session.paths);
  for (const dockerfile::Warning& warning : result.warnings) {
    put(dockerfile::warning_text(*result.dockerfile.source, warning) + "\n" +
        dockerfile::excerpt(*result.dockerfile.source, warning.range));
    if (!warning.hint.empty()) put(cat("  ", warning.hint, "\n"));
  }
  put(result.warnings.empty()
          ? std::string("Check complete, no warnings found.\n")
          : cat("Check complete, ", result.warnings.size(),
                result.warnings.size() == 1 ? " warning has" : " warnings have", " been found!\n"));
  return result.warnings.empty() ? 0 : 1;
}

// Ctrl-C ends a build through a descriptor, so that finished steps are kept and running ones are
// cleaned up after.
Fd block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Fd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw SysError("signalfd");
  return fd;
}

bool interrupted(const Fd& signals) {
  pollfd waiting{signals.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

// oci-layout://DIRECTORY[:TAG|@DIGEST] becomes the image that it is.
void use_layouts(image::ImageStore& store, build::BuildOptions& options) {
  constexpr std::string_view kScheme = "oci-layout://";
  for (auto& [name, source] : options.contexts) {
    if (source.starts_with(kScheme))
      source = cat("docker-image://",
                   image::load_from_layout(store, source.substr(kScheme.size())).str());
  }
}

// What tools that drive a build read, in BuildKit's words.
void write_metadata(const std::string& file, const build::BuildResult& result) {
  const Json metadata = {{"containerimage.config.digest", result.id.str()},
                         {"containerimage.digest", result.manifest.str()},
                         {"image.name", join(result.tags, ",")}};
  replace_file(file, metadata.dump(2) + "\n", false);
}

void push_tags(const Session& session, image::ImageStore& store, const build::BuildResult& result,
               bool quiet) {
  for (const std::string& tag : result.tags) {
    const auto progress = make_transfer_progress(Direction::push, quiet);
    registry::push(store, image::Reference::parse(tag), registry::Settings::load(session.config),
                   registry::CredentialFile::standard(), *progress);
  }
}

// What is done with an image once it is built.
void hand_out(const Session& session, image::ImageStore& store, const BuildFlags& given,
              const std::vector<std::unique_ptr<BuildOutput>>& outputs,
              const std::vector<CacheTarget>& caches, const build::BuildResult& result) {
  const bool quiet = given.quiet || given.progress == "quiet";
  for (const auto& output : outputs) output->write(store, result);
  for (const CacheTarget& cache : caches) cache.write(session, store, result, quiet);
  if (given.push) push_tags(session, store, result, quiet);
  if (!given.iid_file.empty()) replace_file(given.iid_file, result.id.str(), false);
  if (!given.metadata_file.empty()) write_metadata(given.metadata_file, result);
}

}  // namespace

int build(const Session& session, const Args& args) {
  Flags flags("build [flags] [CONTEXT]", "Builds an image from a Dockerfile and a build context.");
  BuildFlags given;
  given.declare(flags);
  if (!flags.parse(args)) return 0;
  given.check();
  build::BuildOptions options = given.options();
  options.fetch_url = build_fetch_url(session, given.offline);
  const Fd signals = block_signals();
  options.cancel_fd = signals.get();
  const build::RemoteContexts remote(options, session.paths);
  if (given.only_check()) return check_only(session, options);
  if (given.list_context) {
    for (const std::string& file : build::list_context(options, session.paths))
      put(printable(file) + "\n");
    return 0;
  }
  std::vector<std::unique_ptr<BuildOutput>> outputs;
  bool prints_id = given.quiet;
  for (const std::string& output : given.outputs) {
    outputs.push_back(std::make_unique<BuildOutput>(output));
    const auto& names = outputs.back()->names();
    options.tags.insert(options.tags.end(), names.begin(), names.end());
    if (outputs.back()->to_stdout()) prints_id = false;
  }
  const std::vector<CacheTarget> caches(given.cache_to.begin(), given.cache_to.end());
  Stores stores(session);
  for (const std::string& text : given.cache_from)
    options.cache_from.push_back(cache_from_flag(session, stores.images(), text));
  use_layouts(stores.images(), options);
  options.fetch = build_fetch(session, stores.images(), options.pull);
  build::BuildResult result;
  try {
    auto progress = make_progress(given.quiet ? "quiet" : given.progress, given.explain);
    result = build::build(options, stores.images(), *progress);
  } catch (const Error& error) {
    if (!interrupted(signals)) throw;
    print_error(error);
    return 130;
  }
  hand_out(session, stores.images(), given, outputs, caches, result);
  if (prints_id) put(result.id.str() + "\n");
  return 0;
}

}  // namespace mini::cmd
