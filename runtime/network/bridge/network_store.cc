#include "runtime/network/bridge/network_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json_members.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/network/bridge/free_subnet.h"
#include "runtime/network/bridge/leases.h"
#include "runtime/network/link/links.h"
#include "runtime/network/names/host_names.h"

namespace mini::network {

static void describe(JsonMembers& json, Network& network) {
  json.required("Id", network.id);
  json.required("Name", network.name);
  json.required("Bridge", network.bridge);
  json.always("Created", network.created_ns);
  json.always("Internal", network.internal);
  json.required("Subnet", network.subnet);
  json.required("Gateway", network.gateway);
  json("Subnet6", network.subnet6);
  if (network.subnet6) json.required("Gateway6", network.gateway6);
  json.always("Labels", network.labels);
}

namespace {

bool is_network_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 128 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || c == '_' || c == '.' || c == '-'; });
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {},
                         ErrorKind kind = ErrorKind::usage) {
  throw Error(message, hint, kind);
}

// Room for a gateway and a container beside the network's own and the broadcast address.
void check_room(const Subnet& subnet, const std::string& flag) {
  const unsigned most = subnet.is_v6() ? 126 : 30;
  if (subnet.length > most)
    refuse(cat(flag, ' ', subnet.str(), ": too small for a gateway and a container"),
           cat("at most /", most));
}

void check_gateway(const Subnet& subnet, const Address& gateway) {
  if (!subnet.contains(gateway) || gateway == subnet.base ||
      (!subnet.is_v6() && gateway == subnet.last()))
    refuse(cat("--gateway ", gateway.str(), ": is no host's address in ", subnet.str()));
}

// What has been asked for may not be in anybody's way.
void check_overlap(const Subnet& subnet, const std::vector<Network>& others,
                   const std::vector<Subnet>& used) {
  for (const Network& other : others) {
    if (subnet.overlaps(other.subnet) || (other.subnet6 && subnet.overlaps(*other.subnet6)))
      refuse(
          cat("--subnet ", subnet.str(), ": overlaps network ", quoted(other.name), " (",
              subnet.is_v6() ? other.subnet6->str() : other.subnet.str(), ")"),
          cat("choose another range, or remove that network: `mini network rm ", other.name, "`"),
          ErrorKind::conflict);
  }
  for (const Subnet& route : used) {
    if (subnet.overlaps(route))
      refuse(cat("--subnet ", subnet.str(), ": overlaps ", route.str(),
                 ", which this host has a route to"),
             "choose another range; `ip route` lists what is in use", ErrorKind::conflict);
  }
}

std::vector<Subnet> subnets_of(const std::vector<Network>& networks) {
  std::vector<Subnet> out;
  for (const Network& network : networks) {
    out.push_back(network.subnet);
    if (network.subnet6) out.push_back(*network.subnet6);
  }
  return out;
}

}  // namespace

void check_network_name(const std::string& name) {
  if (name == "host" || name == "none" || name == "default" || name == kDefaultNetwork)
    refuse(cat("network name ", quoted(name), ": has a meaning of its own"), "choose another");
  if (!is_network_name(name))
    refuse(cat("network name ", quoted(name),
               ": only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed, at most 128 characters"));
}

FileLock NetworkStore::lock() const {
  const std::string path = paths_.run + "/networks";
  if (mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) {
    make_directories(paths_.run, 0700);
    make_directories(path, 0700);
  }
  return FileLock::acquire(path + "/lock", LockMode::exclusive, "the networks");
}

std::string NetworkStore::path_of(const std::string& name) const {
  return cat(paths_.root, "/networks/", name, ".json");
}

std::optional<Network> NetworkStore::read(const std::string& name) const {
  const std::string path = path_of(name);
  const auto text = read_file_if_exists(path);
  if (!text) return {};
  return read_json<Network>(*text, path);
}

void NetworkStore::write(const Network& network) const {
  make_directories(paths_.root, 0700);
  make_directories(paths_.root + "/networks", 0700);
  replace_file(path_of(network.name), write_json(network), true, 0600);
}

std::vector<Network> NetworkStore::list() const {
  std::vector<Network> out;
  for (const std::string& file : list_directory(paths_.root + "/networks")) {
    if (!file.ends_with(".json")) continue;
    if (auto network = read(file.substr(0, file.size() - 5))) out.push_back(std::move(*network));
  }
  return out;
}

std::optional<Network> NetworkStore::find_if_exists(const std::string& given) const {
  const std::string name = given == "default" ? kDefaultNetwork : given;
  if (is_network_name(name)) {
    if (auto network = read(name)) return network;
  }
  std::optional<Network> found;
  if (name.empty() || name.find_first_not_of("0123456789abcdef") != std::string::npos) return found;
  for (Network& network : list()) {
    if (!network.id.starts_with(name)) continue;
    if (found)
      throw Error(cat("network ", quoted(name), ": more than one id starts like this"),
                  "give more digits", ErrorKind::conflict);
    found = std::move(network);
  }
  return found;
}

Network NetworkStore::find(const std::string& name) const {
  if (auto network = find_if_exists(name)) return std::move(*network);
  throw Error(cat("network ", quoted(name), ": not found"),
              "`mini network ls` lists all networks; `mini network create` makes one",
              ErrorKind::not_found);
}

namespace {

Subnet wanted_or_free(const std::optional<Subnet>& wanted, const std::vector<Network>& others,
                      const std::vector<Subnet>& used) {
  if (wanted) {
    check_room(*wanted, "--subnet");
    check_overlap(*wanted, others, used);
    return *wanted;
  }
  std::vector<Subnet> all = used;
  for (const Subnet& other : subnets_of(others)) all.push_back(other);
  return choose_subnet(all);
}

}  // namespace

Network NetworkStore::create(const NetworkOptions& options) const {
  check_network_name(options.name);
  const FileLock held = lock();
  ensure_default();
  const std::vector<Network> others = list();
  for (const Network& other : others) {
    if (other.name == options.name)
      refuse(cat("network ", quoted(options.name), ": exists already"),
             cat("use it, or remove it: `mini network rm ", options.name, "`"),
             ErrorKind::conflict);
  }
  const std::vector<Subnet> used = used_subnets();
  Network network;
  network.id = random_hex(64);
  network.name = options.name;
  network.bridge = bridge_prefix(paths_) + network.id.substr(0, paths_.run == "/run/mini" ? 10 : 5);
  network.created_ns = now_ns();
  network.internal = options.internal;
  network.labels = options.labels;
  network.subnet = wanted_or_free(options.subnet, others, used);
  network.gateway = options.gateway ? options.gateway : network.subnet.first();
  check_gateway(network.subnet, network.gateway);
  if (options.ipv6 || options.subnet6) {
    if (options.subnet6) {
      check_room(*options.subnet6, "--subnet");
      check_overlap(*options.subnet6, others, used);
    }
    network.subnet6 = options.subnet6 ? *options.subnet6 : choose_subnet6(used);
    network.gateway6 = options.gateway6 ? options.gateway6 : network.subnet6->first();
    check_gateway(*network.subnet6, network.gateway6);
  }
  write(network);
  return network;
}

Network NetworkStore::ensure_default() const {
  std::optional<Network> network = read(kDefaultNetwork);
  if (network && Links().find(network->bridge)) return std::move(*network);
  std::vector<Subnet> used = used_subnets();
  for (const Network& other : list()) {
    if (!other.is_default()) used.push_back(other.subnet);
  }
  const auto in_the_way = [&](const Subnet& other) { return network->subnet.overlaps(other); };
  if (network && std::none_of(used.begin(), used.end(), in_the_way)) return std::move(*network);
  if (!network) {
    network.emplace();
    network->id = random_hex(64);
    network->name = kDefaultNetwork;
    network->bridge = default_bridge(paths_);
    network->created_ns = now_ns();
  }
  network->subnet = choose_subnet(used);
  network->gateway = network->subnet.first();
  write(*network);
  return std::move(*network);
}

void NetworkStore::remove(const std::string& name) const {
  const FileLock held = lock();
  const Network network = find(name);
  if (network.is_default())
    refuse(cat("network ", quoted(network.name), ": is the default network and stays"),
           "`mini network prune` takes away its interface while no container uses it",
           ErrorKind::conflict);
  const Leases leases = Leases::load(paths_, network.id);
  if (!leases.all().empty()) {
    std::vector<std::string> names;
    for (const Lease& lease : leases.all())
      names.push_back(lease.names.empty() ? lease.container.substr(0, 12) : lease.names.front());
    refuse(cat("network ", quoted(network.name), ": in use by ", join(names, ", ")),
           cat("stop them first, or `mini network disconnect ", network.name, ' ', names[0], "`"),
           ErrorKind::conflict);
  }
  // First the description: what remains then is an idle bridge that anybody may take away.
  if (unlink(path_of(network.name).c_str()) < 0) throw SysError(path_of(network.name));
  Links().remove(network.bridge);
  unlink(cat(paths_.run, "/networks/", network.id).c_str());
}

}  // namespace mini::network
