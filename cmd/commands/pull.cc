// pull, push, manifest inspect: images from and to registries.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/flags/transfer_progress.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/registry/distribution/push.h"

namespace mini::cmd {

using image::Reference;

int pull(const Session& session, const Args& args) {
  Flags flags("pull [flags] NAME[:TAG|@DIGEST]", "Pulls an image from a registry.");
  bool quiet = false;
  std::string name, platform;
  flags.flag("-q,--quiet", quiet, "print only the image name");
  flags.value("--platform PLATFORM", platform,
              "OS/ARCHITECTURE[/VARIANT] (default this machine's)");
  flags.argument("NAME[:TAG|@DIGEST]", name, true);
  if (!flags.parse(args)) return 0;
  const Reference reference = Reference::parse(name);
  const auto settings = registry::Settings::load(session.config);
  registry::PullOptions options;
  if (!platform.empty()) options.platform = registry::Platform::parse(platform);
  Stores stores(session);
  registry::PullResult result;
  {
    const auto progress = make_transfer_progress(Direction::pull, quiet);
    result = registry::pull(stores.images(), reference, settings,
                            registry::CredentialFile::standard(), *progress, options);
  }
  if (!quiet) {
    put(cat("Digest: ", result.digest.str(), "\n"));
    put(cat("Status: ", result.fresh ? "Downloaded newer image" : "Image is up to date", " for ",
            reference.familiar(), "\n"));
  }
  put(reference.full() + "\n");
  return 0;
}

int push(const Session& session, const Args& args) {
  Flags flags("push [flags] NAME[:TAG]", "Pushes an image to a registry.");
  bool quiet = false;
  std::string name, format = "gzip";
  flags.flag("-q,--quiet", quiet, "print only the image name");
  flags.value("--compression-format FORMAT", format,
              "compression of layers built here: gzip (default) or zstd");
  flags.argument("NAME[:TAG]", name, true);
  if (!flags.parse(args)) return 0;
  const Reference reference = Reference::parse(name);
  if (format != "gzip" && format != "zstd")
    throw Error(cat("flag --compression-format ", quoted(format), ": unknown format"),
                "gzip or zstd", ErrorKind::usage);
  registry::PushOptions options;
  options.format = format == "zstd" ? registry::PushFormat::zstd : registry::PushFormat::gzip;
  const auto settings = registry::Settings::load(session.config);
  Stores stores(session);
  registry::PushResult result;
  {
    const auto progress = make_transfer_progress(Direction::push, quiet);
    result = registry::push(stores.images(), reference, settings,
                            registry::CredentialFile::standard(), *progress, options);
  }
  put(quiet ? reference.full() + "\n"
            : cat(reference.tag, ": digest: ", result.digest.str(), " size: ", result.size, "\n"));
  return 0;
}

int manifest_inspect(const Session& session, const Args& args) {
  Flags flags("manifest inspect [flags] NAME[:TAG|@DIGEST]",
              "Shows the manifest or index of an image in a registry.");
  bool insecure = false, verbose = false;
  std::string name;
  flags.flag("--insecure", insecure,
             "accepted for compatibility: config.json lists insecure registries");
  flags.flag("-v,--verbose", verbose, "also show digest and media type");
  flags.argument("NAME[:TAG|@DIGEST]", name, true);
  if (!flags.parse(args)) return 0;
  const Reference reference = Reference::parse(name);
  registry::Repository repository(reference, registry::Settings::load(session.config),
                                  registry::CredentialFile::standard());
  const registry::Document document = repository.manifest();
  OrderedJson shown = OrderedJson::parse(document.bytes);
  if (verbose) {
    shown = {{"Ref", reference.full()},
             {"Descriptor",
              {{"mediaType", document.media_type},
               {"digest", document.digest.str()},
               {"size", document.bytes.size()}}},
             {"Manifest", std::move(shown)}};
  }
  put(shown.dump(3, ' ', true, OrderedJson::error_handler_t::replace) + "\n");
  return 0;
}

}  // namespace mini::cmd
