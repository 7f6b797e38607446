// container, image, network, volume and system prune: what nothing uses goes, after a question.
#include "runtime/engine/lifecycle/prune.h"

#include <unistd.h>

#include "cmd/commands/commands.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "cmd/output/prune_report.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

struct PruneFlags {
  bool force = false, volumes = false;
  engine::PruneOptions options;
  std::vector<std::string> filters;

  void declare(Flags& flags, const char* all_help) {
    flags.flag("-f,--force", force, "do not ask for confirmation");
    if (*all_help) flags.flag("-a,--all", options.all, all_help);
    flags.values("--filter KEY=VALUE", filters,
                 "only matching objects: until, label, label!; images: last-used");
    flags.flag("--dry-run", options.dry_run,
               "show what would be removed and its size; remove nothing");
  }

  // False when the person said no. A dry run takes nothing away, so it asks nothing.
  bool may_go_on(const std::string& warning) const {
    return force || options.dry_run || confirmed(STDIN_FILENO, warning);
  }

  std::string filter_lines() const {
    std::string out;
    for (const std::string& filter : filters) out += cat("  - ", printable(filter), "\n");
    return out.empty() ? "" : "  Items to be pruned will be filtered with:\n" + out;
  }
};

using Pruner = engine::Pruned (*)(engine::Engine& engine, const PruneFlags& flags);

// One kind of thing: parse, ask, prune, report.
int prune_one(const Session& session, const Args& args, Flags& flags, PruneFlags& wanted,
              const char* things, const std::string (&warnings)[2], Pruner prune) {
  if (!flags.parse(args)) return 0;
  wanted.options.filter = engine::PruneFilter::parse(wanted.filters);
  PruneReport report(wanted.options.dry_run);
  const std::string warning =
      cat("WARNING! This will remove ", warnings[wanted.options.all], ".\n", wanted.filter_lines());
  if (wanted.may_go_on(warning)) {
    Stores stores(session);
    const engine::Pruned pruned = prune(stores.engine(), wanted);
    report.add(things, pruned.removed, pruned.bytes);
  }
  put(report.str());
  return 0;
}

std::string system_warning(const PruneFlags& flags, bool with_cache) {
  const bool all = flags.options.all;
  std::string out = "WARNING! This will remove:\n  - all stopped containers\n";
  out += "  - all networks not used by at least one container\n";
  if (flags.volumes) out += "  - all anonymous volumes not used by at least one container\n";
  out += all ? "  - all images without at least one container associated to them\n"
             : "  - all dangling images\n";
  if (with_cache) out += all ? "  - all build cache\n" : "  - unused build cache\n";
  return cat(out, "\n", flags.filter_lines());
}

// A dry run counts what no image has besides what the images would free, as the collection
// after a real one does.
engine::Pruned prune_images_with(engine::Engine& engine, const engine::PruneOptions& options,
                                 const engine::Roots& roots) {
  engine::Pruned out = engine::prune_images(engine, options, roots);
  if (options.dry_run) out.bytes += engine::collect_garbage(engine, roots, true);
  return out;
}

// Containers first, because they hold images and volumes; images last, because their collection
// also takes the layers that the cache let go.
PruneReport prune_system(Stores& stores, PruneFlags flags, bool with_cache) {
  PruneReport report(flags.options.dry_run);
  const engine::Pruned containers = engine::prune_containers(stores.engine(), flags.options);
  report.add("Containers", containers.removed, containers.bytes);
  if (flags.options.dry_run)
    flags.options.without_containers = {containers.removed.begin(), containers.removed.end()};
  report.add("Networks", engine::prune_networks(stores.engine(), flags.options).removed, 0);
  if (flags.volumes) {
    engine::PruneOptions options = flags.options;
    options.all = false;
    const engine::Pruned volumes = engine::prune_volumes(stores.engine(), options);
    report.add("Volumes", volumes.removed, volumes.bytes);
  }
  CachePruned cache;
  cache.roots = [&] { return build::cache_roots(stores.images().paths()); };
  if (with_cache) {
    build::CachePrune prune;
    prune.all = flags.options.all;
    prune.unused_since = flags.options.filter.until_ns;
    prune.dry_run = flags.options.dry_run;
    cache = prune_build_cache(stores.images(), prune);
  }
  const engine::Pruned images = prune_images_with(stores.engine(), flags.options, cache.roots);
  report.add("Images", images.removed, images.bytes);
  report.add("build cache objects", cache.ids, cache.mount_bytes);
  return report;
}

}  // namespace

int container_prune(const Session& session, const Args& args) {
  Flags flags("container prune [flags]", "Removes stopped containers.");
  PruneFlags wanted;
  wanted.declare(flags, "");
  const std::string warning = "all stopped containers";
  return prune_one(session, args, flags, wanted, "Containers", {warning, warning},
                   [](engine::Engine& engine, const PruneFlags& given) {
                     return engine::prune_containers(engine, given.options);
                   });
}

int image_prune(const Session& session, const Args& args) {
  Flags flags("image prune [flags]", "Removes unused images.");
  PruneFlags wanted;
  wanted.declare(flags, "also named images that no container uses");
  return prune_one(
      session, args, flags, wanted, "Images",
      {"all dangling images", "all images without at least one container associated to them"},
      [](engine::Engine& engine, const PruneFlags& given) {
        return prune_images_with(engine, given.options,
                                 [&] { return build::cache_roots(engine.paths()); });
      });
}

int volume_prune(const Session& session, const Args& args) {
  Flags flags("volume prune [flags]", "Removes unused volumes.");
  PruneFlags wanted;
  wanted.declare(flags, "also named volumes");
  return prune_one(session, args, flags, wanted, "Volumes",
                   {"anonymous local volumes not used by at least one container",
                    "all local volumes not used by at least one container"},
                   [](engine::Engine& engine, const PruneFlags& given) {
                     return engine::prune_volumes(engine, given.options);
                   });
}

int network_prune(const Session& session, const Args& args) {
  Flags flags("network prune [flags]", "Removes unused networks.");
  PruneFlags wanted;
  wanted.declare(flags, "");
  if (!flags.parse(args)) return 0;
  wanted.options.filter = engine::PruneFilter::parse(wanted.filters);
  if (wanted.options.filter.last_used_ns)
    throw Error("flag --filter last-used: not known for networks", "until=TIME or label=KEY",
                ErrorKind::usage);
  const std::string warning =
      cat("WARNING! This will remove all custom networks not used by at least one container.\n",
          wanted.filter_lines());
  if (!wanted.may_go_on(warning)) return 0;
  Stores stores(session);
  PruneReport report(wanted.options.dry_run);
  report.add("Networks", engine::prune_networks(stores.engine(), wanted.options).removed, 0);
  put(report.sections());
  return 0;
}

int system_prune(const Session& session, const Args& args) {
  Flags flags("system prune [flags]",
              "Removes unused containers, networks, images and build cache.");
  PruneFlags wanted;
  wanted.declare(flags, "also named images that no container uses, and all build cache");
  flags.flag("--volumes", wanted.volumes, "also anonymous volumes");
  if (!flags.parse(args)) return 0;
  engine::PruneFilter& filter = wanted.options.filter;
  filter = engine::PruneFilter::parse(wanted.filters);
  if (wanted.volumes && (filter.until_ns || filter.last_used_ns))
    throw Error("flag --volumes: cannot be combined with a filter by time",
                "remove --volumes, or the filters until and last-used", ErrorKind::usage);
  // The cache has no labels, so a filter by label excludes it.
  const bool with_cache = filter.with_label.empty() && filter.without_label.empty();
  PruneReport report(wanted.options.dry_run);
  if (wanted.may_go_on(system_warning(wanted, with_cache))) {
    Stores stores(session);
    report = prune_system(stores, wanted, with_cache);
  }
  put(report.str());
  return 0;
}

}  // namespace mini::cmd
