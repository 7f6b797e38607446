// builder prune: the build cache's records and cache mounts go, least recently used first.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/filters.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/listing.h"
#include "cmd/output/prune_report.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

constexpr std::string_view kCacheFilters[] = {"id", "type", "until", "unused-for"};
constexpr std::string_view kCacheTypes[] = {"regular", "exec.cachemount", "source.http"};

struct BuilderPruneFlags {
  bool force = false, verbose = false;
  std::vector<std::string> filters;
  std::string keep_storage;
  build::CachePrune prune;

  explicit BuilderPruneFlags(Flags& flags) {
    flags.flag("-f,--force", force, "do not ask for confirmation");
    flags.flag("-a,--all", prune.all, "also cache that images share");
    flags.values("--filter KEY=VALUE", filters, "only matching entries: until, id, type");
    flags.value("--keep-storage SIZE", keep_storage, "keep this much, such as 10g");
    flags.flag("--dry-run", prune.dry_run,
               "show what would be removed and its size; remove nothing");
    flags.flag("--verbose", verbose, "describe each removed entry");
  }

  void read_values() {
    const Filters given(filters, kCacheFilters);
    given.check_values("type", kCacheTypes);
    for (const char* key : {"until", "unused-for"})
      for (const std::string& text : given.values(key)) {
        prune.unused_since = parse_since(text, now_ns());
        if (!prune.unused_since)
          throw Error(cat("flag --filter ", key, "=", printable(text), ": not a time"),
                      "such as 24h, or 2026-11-23", ErrorKind::usage);
      }
    prune.ids.insert(given.values("id").begin(), given.values("id").end());
    prune.types.insert(given.values("type").begin(), given.values("type").end());
    if (!keep_storage.empty())
      prune.keep_storage = static_cast<uint64_t>(size_flag("--keep-storage", keep_storage));
  }
};

std::string verbose_table(const std::vector<build::CacheEntry>& entries) {
  std::vector<std::vector<std::string>> lines{{"ID", "TYPE", "SIZE", "LAST USED", "DESCRIPTION"}};
  const int64_t now = now_ns();
  for (const build::CacheEntry& entry : entries)
    lines.push_back({id_cell(entry.id, false), to_string(entry.type), human_size(entry.size),
                     ago_cell(entry.used_ns, now), printable(entry.description)});
  return align(lines);
}

}  // namespace

int builder_prune(const Session& session, const Args& args) {
  Flags flags("builder prune [flags]", "Removes build cache.");
  BuilderPruneFlags wanted(flags);
  if (!flags.parse(args)) return 0;
  wanted.read_values();
  PruneReport report(wanted.prune.dry_run);
  const char* what = wanted.prune.all ? "all" : "all dangling";
  if (wanted.force || wanted.prune.dry_run ||
      confirmed(STDIN_FILENO, cat("WARNING! This will remove ", what, " build cache.\n"))) {
    Stores stores(session);
    const CachePruned cache = prune_build_cache(stores.images(), wanted.prune);
    if (wanted.verbose && !cache.entries.empty()) put(verbose_table(cache.entries) + "\n");
    const uint64_t layers =
        engine::collect_garbage(stores.engine(), cache.roots, wanted.prune.dry_run);
    report.add("build cache objects", wanted.verbose ? std::vector<std::string>{} : cache.ids,
               cache.mount_bytes + layers);
  }
  put(report.str());
  return 0;
}

}  // namespace mini::cmd
