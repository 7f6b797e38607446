// network ls: mini's networks and the two words that Docker's users expect among them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cmd/commands/commands.h"
#include "cmd/flags/filters.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/listing.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/inspect_network.h"
#include "runtime/engine/sandbox/networks.h"

namespace mini::cmd {
namespace {

constexpr std::string_view kNetworkFilters[] = {"dangling", "driver", "id",  "label",
                                                "name",     "scope",  "type"};
constexpr std::string_view kNetworkTypes[] = {"builtin", "custom"};

struct Entry {
  network::Network network;
  std::string driver = "bridge";

  bool is_builtin() const { return driver != "bridge" || network.is_default(); }
};

std::vector<Entry> all_networks(const engine::ContainerStore& store) {
  std::vector<Entry> out;
  for (network::Network& network : engine::list_networks(store))
    out.push_back({std::move(network), "bridge"});
  for (const char* word : {"host", "none"}) {
    Entry entry{{}, word == std::string_view("none") ? "null" : word};
    entry.network.id = engine::word_id(word);
    entry.network.name = word;
    out.push_back(std::move(entry));
  }
  std::sort(out.begin(), out.end(),
            [](const Entry& a, const Entry& b) { return a.network.name < b.network.name; });
  return out;
}

class NetworkSelection {
 public:
  NetworkSelection(const std::vector<std::string>& texts, const engine::ContainerStore& store)
      : filters_(texts, kNetworkFilters), dangling_(filters_.truth("dangling")) {
    filters_.check_values("type", kNetworkTypes);
    if (!dangling_) return;
    for (const network::Network& network : engine::unused_networks(store))
      unused_.insert(network.name);
  }

  bool takes(const Entry& entry) const {
    const network::Network& network = entry.network;
    return any_of("name", [&](const auto& part) { return name_matches(network.name, part); }) &&
           any_of("id", [&](const auto& prefix) { return network.id.starts_with(prefix); }) &&
           filters_.allow("driver", entry.driver) && filters_.allow("scope", "local") &&
           filters_.allow("type", entry.is_builtin() ? "builtin" : "custom") &&
           filters_.allow_labels(network.labels) &&
           (!dangling_ || *dangling_ == unused_.contains(network.name));
  }

 private:
  template <class Test>
  bool any_of(const char* key, const Test& test) const {
    const auto& values = filters_.values(key);
    return values.empty() || std::any_of(values.begin(), values.end(), test);
  }

  Filters filters_;
  std::optional<bool> dangling_;
  std::set<std::string> unused_;
};

nlohmann::ordered_json row(const Entry& entry, bool whole) {
  const network::Network& network = entry.network;
  return {{"CreatedAt", time_cell(network.created_ns)},
          {"Driver", entry.driver},
          {"ID", id_cell(network.id, whole)},
          {"IPv4", "true"},
          {"IPv6", network.subnet6 ? "true" : "false"},
          {"Internal", network.internal ? "true" : "false"},
          {"Labels", labels_cell(network.labels)},
          {"Name", network.name},
          {"Scope", "local"}};
}

}  // namespace

int network_ls(const Session& session, const Args& args) {
  Flags flags("network ls [flags]", "Lists networks.");
  bool quiet = false, no_trunc = false;
  std::vector<std::string> texts;
  std::string format;
  flags.flag("-q,--quiet", quiet, "print only IDs");
  flags.flag("--no-trunc", no_trunc, "do not truncate IDs");
  flags.values("-f,--filter KEY=VALUE", texts,
               "only matching networks: dangling, driver, id, label, name, scope, type");
  flags.value("--format FORMAT", format,
              "output format: json, a Go template, or \"table TEMPLATE\"");
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore store(session.paths);
  const NetworkSelection selection(texts, store);
  Listing listing({{"ID", "NETWORK ID"},
                   {"Name", "NAME"},
                   {"Driver", "DRIVER"},
                   {"Scope", "SCOPE"},
                   {"IPv4", "IPV4"},
                   {"IPv6", "IPV6"},
                   {"Internal", "INTERNAL"},
                   {"Labels", "LABELS"},
                   {"CreatedAt", "CREATED AT"}},
                  {"ID", "Name", "Driver", "Scope"});
  std::string ids;
  for (const Entry& entry : all_networks(store)) {
    if (!selection.takes(entry)) continue;
    ids += id_cell(entry.network.id, no_trunc) + "\n";
    listing.add(row(entry, no_trunc));
  }
  if (quiet && format.empty())
    put(ids);
  else
    listing.print(format);
  return 0;
}

}  // namespace mini::cmd
