// volume create, ls, rm.
#include "runtime/engine/record/volumes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/commands/commands.h"
#include "cmd/flags/filters.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

constexpr std::string_view kVolumeFilters[] = {"dangling", "driver", "label", "name"};

}  // namespace

int volume_create(const Session& session, const Args& args) {
  Flags flags("volume create [flags] [VOLUME]", "Creates a volume.");
  std::string driver = "local", name;
  std::vector<std::string> labels, options;
  flags.value("-d,--driver DRIVER", driver, "volume driver: local");
  flags.values("--label KEY=VALUE", labels, "set a label");
  flags.values("-o,--opt OPTION", options, "refused: volumes take no driver options");
  for (const char* swarm :
       {"--type T", "--availability A", "--group G", "--scope S", "--sharing S", "--limit-bytes N",
        "--required-bytes N", "--secret S", "--topology-preferred T", "--topology-required T"})
    flags.only(swarm, "", "for Swarm only", "omit it");
  flags.argument("VOLUME", name, false, "name (default random)");
  if (!flags.parse(args)) return 0;
  if (driver != "local")
    throw Error(cat("flag --driver ", quoted(driver), ": unknown driver"), "local",
                ErrorKind::usage);
  if (!options.empty())
    throw Error(cat("flag --opt ", quoted(options.front()), ": volumes take no driver options"),
                "use a bind mount of a prepared directory", ErrorKind::usage);
  std::map<std::string, std::string> parsed;
  for (const std::string& label : labels) add_label(parsed, label);
  put(engine::VolumeStore(session.paths).create(name, parsed).name + "\n");
  return 0;
}

int volume_ls(const Session& session, const Args& args) {
  Flags flags("volume ls [flags]", "Lists volumes.");
  bool quiet = false;
  std::vector<std::string> texts;
  std::string format;
  flags.flag("-q,--quiet", quiet, "print only names");
  flags.only("--cluster", "false", "for Swarm only", "omit it");
  flags.values("-f,--filter KEY=VALUE", texts,
               "only matching volumes: dangling, driver, label, name");
  flags.value("--format FORMAT", format,
              "output format: json, a Go template, or \"table TEMPLATE\"");
  if (!flags.parse(args)) return 0;
  const Filters filters(texts, kVolumeFilters);
  const std::optional<bool> dangling = filters.truth("dangling");
  const engine::VolumeStore store(session.paths);
  std::multimap<std::string, std::string> users;
  if (dangling) users = store.users(engine::ContainerStore(session.paths));
  Listing listing({{"Driver", "DRIVER"},
                   {"Name", "VOLUME NAME"},
                   {"Labels", "LABELS"},
                   {"Links", "LINKS"},
                   {"Mountpoint", "MOUNTPOINT"},
                   {"Scope", "SCOPE"},
                   {"Size", "SIZE"}},
                  {"Driver", "Name"});
  std::string names;
  for (const engine::Volume& volume : store.list()) {
    const auto& wanted = filters.values("name");
    const bool named =
        wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& part) {
          return name_matches(volume.name, part);
        });
    if (!named || !filters.allow("driver", "local") || !filters.allow_labels(volume.labels) ||
        (dangling && *dangling == users.contains(volume.name)))
      continue;
    names += volume.name + "\n";
    listing.add({{"Availability", "N/A"},
                 {"Driver", "local"},
                 {"Group", "N/A"},
                 {"Labels", labels_cell(volume.labels)},
                 {"Links", "N/A"},
                 {"Mountpoint", volume.mountpoint},
                 {"Name", volume.name},
                 {"Scope", "local"},
                 {"Size", "N/A"},
                 {"Status", "N/A"}});
  }
  if (quiet && format.empty())
    put(names);
  else
    listing.print(format);
  return 0;
}

int volume_rm(const Session& session, const Args& args) {
  Flags flags("volume rm [flags] VOLUME...", "Removes volumes that no container uses.");
  bool force = false;
  std::vector<std::string> names;
  flags.flag("-f,--force", force, "ignore missing volumes");
  flags.arguments("VOLUME", names, true);
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore containers(session.paths);
  const engine::VolumeStore volumes(session.paths);
  return for_each_name(names, [&](const std::string& name) {
    volumes.remove(containers, name, force);
    return name;
  });
}

}  // namespace mini::cmd
