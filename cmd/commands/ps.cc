// ps: the containers, newest first.
#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cmd/commands/commands.h"
#include "cmd/flags/filters.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/port_values.h"
#include "cmd/flags/stores.h"
#include "cmd/output/cells.h"
#include "cmd/output/container_row.h"
#include "cmd/output/listing.h"
#include "cmd/output/port_cells.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/size.h"
#include "runtime/base/text.h"
#include "runtime/engine/inspect/inspect.h"
#include "runtime/engine/sandbox/inspect_network.h"

namespace mini::cmd {
namespace {

using engine::Record;
using engine::Status;

constexpr std::string_view kContainerFilters[] = {
    "ancestor", "before",  "exited",  "expose", "health", "id",    "label",
    "name",     "network", "publish", "since",  "status", "volume"};
constexpr std::string_view kStatuses[] = {"created",  "running", "paused", "restarting",
                                          "removing", "exited",  "dead"};
constexpr std::string_view kHealths[] = {"starting", "healthy", "unhealthy", "none"};

struct PsFlags {
  bool all = false, quiet = false, latest = false, size = false, no_trunc = false;
  int64_t last = -1;
  std::vector<std::string> filters;
  std::string format;

  explicit PsFlags(Flags& flags) {
    flags.flag("-a,--all", all, "also stopped containers");
    flags.flag("-q,--quiet", quiet, "print only IDs");
    flags.value("-n,--last NUMBER", last, "the last NUMBER created, in any state");
    flags.flag("-l,--latest", latest, "the last one created, in any state");
    flags.flag("-s,--size", size, "show sizes");
    flags.flag("--no-trunc", no_trunc, "do not truncate IDs and commands");
    flags.values("-f,--filter KEY=VALUE", filters,
                 "only matching containers: status, name, id, label, ancestor, exited, …");
    flags.value("--format FORMAT", format,
                "output format: json, a Go template, or \"table TEMPLATE\"");
  }
};

bool any_of(const std::vector<std::string>& values,
            const std::function<bool(const std::string&)>& test) {
  return values.empty() || std::any_of(values.begin(), values.end(), test);
}

// An image's own containers and those of images that were built on it: same layers at the bottom.
bool descends_from(const Record& record, const image::Image& image) {
  if (record.image_id == image.entry.id) return true;
  const auto& layers = image.config.diff_ids;
  return !layers.empty() && layers.size() <= record.layers.size() &&
         std::equal(layers.begin(), layers.end(), record.layers.begin());
}

class ContainerSelection {
 public:
  ContainerSelection(Stores& stores, const PsFlags& flags)
      : filters_(flags.filters, kContainerFilters) {
    filters_.check_values("status", kStatuses);
    filters_.check_values("health", kHealths);
    for (const std::string& name : filters_.values("ancestor"))
      ancestors_.push_back(stores.images().load(name));
    for (const std::string& name : filters_.values("before"))
      before_ = stores.containers().find(name).created_ns;
    for (const std::string& name : filters_.values("since"))
      since_ = stores.containers().find(name).created_ns;
    for (const std::string& text : filters_.values("expose"))
      exposed_.push_back(port_range("--filter expose=", text));
    for (const std::string& text : filters_.values("publish"))
      published_.push_back(port_range("--filter publish=", text));
    for (const std::string& text : filters_.values("network"))
      networks_.insert(network_name(stores, text));
  }

  // Asking for a state, or relative to one container, means all.
  bool means_all() const { return filters_.has("status") || before_ || since_; }

  bool takes(const Record& record) const {
    return filters_.allow("status", to_string(record.state.status)) &&
           filters_.allow_labels(record.config.labels) && takes_exit(record) &&
           filters_.allow("health", health_of(record)) && takes_name(record) &&
           takes_mount(record) && takes_ancestor(record) && takes_network(record) &&
           takes_port(record) && (!before_ || record.created_ns < *before_) &&
           (!since_ || record.created_ns > *since_);
  }

 private:
  static std::string health_of(const Record& record) {
    return record.state.health.status.empty() ? "none" : record.state.health.status;
  }
  bool takes_exit(const Record& record) const {
    if (!filters_.has("exited")) return true;
    return record.state.status == Status::exited &&
           filters_.allow("exited", std::to_string(record.state.exit_code));
  }
  bool takes_name(const Record& record) const {
    return any_of(filters_.values("name"),
                  [&](const std::string& part) { return name_matches(record.name, part); }) &&
           any_of(filters_.values("id"),
                  [&](const std::string& prefix) { return record.id.starts_with(prefix); });
  }
  bool takes_mount(const Record& record) const {
    return any_of(filters_.values("volume"), [&](const std::string& wanted) {
      return std::any_of(record.mounts.begin(), record.mounts.end(), [&](const auto& mount) {
        return mount.source == wanted || mount.destination == wanted;
      });
    });
  }
  bool takes_ancestor(const Record& record) const {
    return ancestors_.empty() ||
           std::any_of(ancestors_.begin(), ancestors_.end(),
                       [&](const image::Image& image) { return descends_from(record, image); });
  }

  // Also an id; one that names nothing may still be host, none or a network that has gone.
  static std::string network_name(Stores& stores, const std::string& text) {
    if (engine::is_network_word(text) || text.starts_with("container:")) return text;
    const auto found = network::NetworkStore(stores.containers().paths()).find_if_exists(text);
    return found ? found->name : text;
  }
  bool takes_network(const Record& record) const {
    const auto& own = record.host.networks;
    return networks_.empty() || networks_.contains(record.host.network_mode) ||
           std::any_of(own.begin(), own.end(),
                       [&](const auto& network) { return networks_.contains(network.name); });
  }
  // By either of the two, as Docker does it.
  bool takes_port(const Record& record) const {
    if (exposed_.empty() && published_.empty()) return true;
    const auto holds = [](const std::vector<PortRange>& ranges, uint16_t port, const auto& of) {
      return std::any_of(ranges.begin(), ranges.end(),
                         [&](const PortRange& range) { return range.contains(port, of); });
    };
    const std::vector<engine::PublishedPort> ports = shown_ports(record);
    return std::any_of(ports.begin(), ports.end(), [&](const engine::PublishedPort& port) {
      return holds(exposed_, port.container_port, port.protocol) ||
             holds(published_, port.host_port, port.protocol);
    });
  }

  Filters filters_;
  std::vector<PortRange> exposed_, published_;
  std::set<std::string> networks_;
  std::vector<image::Image> ancestors_;
  std::optional<int64_t> before_, since_;
};

// The name that the user gave may mean another image by now; then the ID is shown.
class ImageNames {
 public:
  ImageNames() = default;
  explicit ImageNames(const image::ImageStore& images) {
    for (const image::ImageEntry& entry : images.list())
      for (const std::string& tag : entry.tags) ids_[tag] = entry.id;
  }

  std::string cell(const Record& record, bool whole) const {
    const std::string& name = record.config.image;
    const std::string_view hex =
        name.starts_with("sha256:") ? std::string_view(name).substr(7) : std::string_view(name);
    if (record.image_id.hex().starts_with(hex)) return name;
    const image::Reference reference = image::Reference::parse(name);
    const auto now = ids_.find(reference.full());
    if (reference.digest || (now != ids_.end() && now->second == record.image_id)) return name;
    return whole ? record.image_id.str() : record.image_id.short_id();
  }

 private:
  std::map<std::string, Digest> ids_;
};

std::string size_cell(const engine::ContainerStore& store, const Record& record) {
  const nlohmann::ordered_json all = engine::inspect_container(store, record, true);
  return cat(human_size(all.at("SizeRw").get<uint64_t>()), " (virtual ",
             human_size(all.at("SizeRootFs").get<uint64_t>()), ")");
}

std::vector<Record> chosen(Stores& stores, const PsFlags& flags) {
  const ContainerSelection selection(stores, flags);
  const int64_t last = flags.latest ? 1 : flags.last;
  const bool all = flags.all || last > 0 || selection.means_all();
  std::vector<Record> out;
  for (Record& record : stores.containers().list(all ? engine::Scope::all : engine::Scope::live)) {
    if (last > 0 && out.size() == static_cast<size_t>(last)) break;
    if ((all || is_live(record)) && selection.takes(record)) out.push_back(std::move(record));
  }
  return out;
}

Listing container_table(bool with_size) {
  std::vector<std::string> columns{"ID",     "Image", "Command", "RunningFor",
                                   "Status", "Ports", "Names"};
  if (with_size) columns.push_back("Size");
  return Listing({{"ID", "CONTAINER ID"},
                  {"Image", "IMAGE"},
                  {"Command", "COMMAND"},
                  {"RunningFor", "CREATED"},
                  {"Status", "STATUS"},
                  {"Ports", "PORTS"},
                  {"Names", "NAMES"},
                  {"Size", "SIZE"},
                  {"CreatedAt", "CREATED AT"},
                  {"Labels", "LABELS"},
                  {"LocalVolumes", "LOCAL VOLUMES"},
                  {"Mounts", "MOUNTS"},
                  {"Networks", "NETWORKS"},
                  {"State", "STATE"}},
                 columns);
}

}  // namespace

int ps(const Session& session, const Args& args) {
  Flags flags("ps [flags]", "Lists running containers, with -a all.");
  const PsFlags wanted(flags);
  if (!flags.parse(args)) return 0;
  Stores stores(session);
  const std::vector<Record> records = chosen(stores, wanted);
  if (wanted.quiet && wanted.format.empty()) {
    std::string out;
    for (const Record& record : records) out += id_cell(record.id, wanted.no_trunc) + "\n";
    put(out);
    return 0;
  }
  Listing listing = container_table(wanted.size);
  const ImageNames names = records.empty() ? ImageNames() : ImageNames(stores.images());
  RowStyle style{wanted.no_trunc, now_ns(), "", ""};
  for (const Record& record : records) {
    style.image = names.cell(record, wanted.no_trunc);
    const bool sized = wanted.size || wanted.format.find(".Size") != std::string::npos;
    style.size = sized ? size_cell(stores.containers(), record) : "";
    listing.add(container_row(record, style));
  }
  listing.print(wanted.format);
  return 0;
}

}  // namespace mini::cmd
