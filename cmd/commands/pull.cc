// pull, push, manifest inspect: images from and to registries.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/flag_values.h"
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

namespace {

// NAME without a tag: what --all-tags needs.
Reference repository_flag(const std::string& name) {
  const Reference reference = Reference::parse(name);
  if (reference.digest || name.ends_with(":" + reference.tag))
    throw Error("tag can't be used with --all-tags/-a", "give the name without it",
                ErrorKind::usage);
  return reference;
}

Reference with_tag(Reference reference, const std::string& tag) {
  return Reference::parse(cat(reference.registry, "/", reference.repository, ":", tag));
}

void pull_one(const Session& session, image::ImageStore& store, const Reference& reference,
              const registry::PullOptions& options, bool quiet) {
  registry::PullResult result;
  {
    const auto progress = make_transfer_progress(Direction::pull, quiet);
    result = registry::pull(store, reference, registry::Settings::load(session.config),
                            registry::CredentialFile::standard(), *progress, options);
  }
  if (quiet) return;
  put(cat("Digest: ", result.digest.str(), "\n"));
  put(cat("Status: ", result.fresh ? "Downloaded newer image" : "Image is up to date", " for ",
          reference.familiar(), "\n"));
}

void push_one(const Session& session, image::ImageStore& store, const Reference& reference,
              const registry::PushOptions& options, bool quiet) {
  registry::PushResult result;
  {
    const auto progress = make_transfer_progress(Direction::push, quiet);
    result = registry::push(store, reference, registry::Settings::load(session.config),
                            registry::CredentialFile::standard(), *progress, options);
  }
  put(quiet ? reference.full() + "\n"
            : cat(reference.tag, ": digest: ", result.digest.str(), " size: ", result.size, "\n"));
}

std::vector<Reference> tags_in_store(const image::ImageStore& store, const Reference& wanted) {
  std::vector<Reference> found;
  for (const image::ImageEntry& entry : store.list())
    for (const std::string& tag : entry.tags) {
      Reference reference = Reference::parse(tag);
      if (reference.registry == wanted.registry && reference.repository == wanted.repository)
        found.push_back(std::move(reference));
    }
  if (found.empty())
    throw Error(cat("image ", quoted(wanted.familiar_name()), ": the store has no tag of it"),
                "`mini images` lists the store", ErrorKind::not_found);
  return found;
}

}  // namespace

int pull(const Session& session, const Args& args) {
  Flags flags("pull [flags] NAME[:TAG|@DIGEST]", "Pulls an image from a registry.");
  bool quiet = false, all = false;
  std::string name, platform;
  flags.flag("-a,--all-tags", all, "pull all tags of the repository");
  flags.flag("-q,--quiet", quiet, "print only the image name");
  flags.value("--platform PLATFORM", platform,
              "OS/ARCHITECTURE[/VARIANT] (default this machine's)");
  flags.only("--disable-content-trust", "true", "mini verifies no signatures",
             "name the image by digest");
  flags.argument("NAME[:TAG|@DIGEST]", name, true);
  if (!flags.parse(args)) return 0;
  const Reference reference = all ? repository_flag(name) : Reference::parse(name);
  registry::PullOptions options;
  if (!platform.empty()) options.platform = registry::Platform::parse(platform);
  Stores stores(session);
  if (!all) {
    pull_one(session, stores.images(), reference, options, quiet);
    put(reference.full() + "\n");
    return 0;
  }
  registry::Repository repository(reference, registry::Settings::load(session.config),
                                  registry::CredentialFile::standard());
  for (const std::string& tag : repository.tags()) {
    const Reference one = with_tag(reference, tag);
    if (!quiet) put(cat(tag, ": Pulling from ", reference.repository, "\n"));
    pull_one(session, stores.images(), one, options, quiet);
  }
  put(cat(reference.registry, "/", reference.repository, "\n"));
  return 0;
}

int push(const Session& session, const Args& args) {
  Flags flags("push [flags] NAME[:TAG]", "Pushes an image to a registry.");
  bool quiet = false, all = false;
  std::string name, format = "gzip", platform;
  flags.flag("-a,--all-tags", all, "push all tags of the repository");
  flags.flag("-q,--quiet", quiet, "print only the image name");
  flags.value("--compression-format FORMAT", format,
              "compression of layers built here: gzip (default) or zstd");
  flags.value("--platform PLATFORM", platform, "only the platform that the store has");
  flags.only("--disable-content-trust", "true", "mini signs nothing", "omit it");
  flags.hide("--platform");
  flags.argument("NAME[:TAG]", name, true);
  if (!flags.parse(args)) return 0;
  const Reference reference = all ? repository_flag(name) : Reference::parse(name);
  if (format != "gzip" && format != "zstd")
    throw Error(cat("flag --compression-format ", quoted(format), ": unknown format"),
                "gzip or zstd", ErrorKind::usage);
  registry::PushOptions options;
  options.format = format == "zstd" ? registry::PushFormat::zstd : registry::PushFormat::gzip;
  Stores stores(session);
  const std::vector<Reference> tags =
      all ? tags_in_store(stores.images(), reference) : std::vector<Reference>{reference};
  for (const Reference& tag : tags) {
    require_platform(stores.images().load(tag.full()), platform);
    push_one(session, stores.images(), tag, options, quiet);
  }
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
