// networks.h's connect_network and disconnect_network: a container that runs gets or loses an
// interface at once, its record says so either way.
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/container_network.h"
#include "runtime/engine/sandbox/networks.h"
#include "runtime/network/bridge/membership.h"
#include "runtime/network/link/in_namespace.h"
#include "runtime/network/link/links.h"

namespace mini::engine {
namespace {

std::pair<Record, FileLock> locked(const ContainerStore& store, const std::string& name) {
  const Record found = store.find(name);
  std::optional<FileLock> lock = store.lock(found.id);
  std::optional<Record> record = lock ? store.read(found.id) : std::nullopt;
  if (!record)
    throw Error(cat("container ", quoted(name), ": has been removed"), {}, ErrorKind::not_found);
  return {std::move(*record), std::move(*lock)};
}

void require_own_networks(const Record& record) {
  const std::string& mode = record.host.network_mode;
  if (mode != "host" && !joins_network(record.host)) return;
  throw Error(cat("container ", record.name, ": has no network of its own (--network ", mode, ")"),
              "recreate it without that flag", ErrorKind::conflict);
}

bool runs(const Record& record) {
  return record.state.status == Status::running || record.state.status == Status::paused;
}

// eth0, eth1, …: the first that is free.
std::string free_interface(const Record& record) {
  for (unsigned number = 0;; ++number) {
    const std::string name = cat("eth", number);
    if (std::none_of(record.state.endpoints.begin(), record.state.endpoints.end(),
                     [&](const Endpoint& endpoint) { return endpoint.interface == name; }))
      return name;
  }
}

std::vector<network::PortRule> rules_of(const std::vector<PublishedPort>& ports) {
  std::vector<network::PortRule> rules;
  for (const PublishedPort& port : ports) {
    network::PortRule rule;
    rule.host = network::Address::parse_or_none(port.host_address);
    rule.host_port = port.host_port;
    rule.container_port = port.container_port;
    rule.protocol = port.protocol == "udp" ? IPPROTO_UDP : IPPROTO_TCP;
    rules.push_back(rule);
  }
  return rules;
}

// The monitor holds the ports for as long as the container runs; which of them lead to it depends
// on the network that it is in now. Null: none that they could lead to.
void settle_ports(State& state, const network::Network* network) {
  std::vector<PublishedPort> all = std::exchange(state.ports, {});
  all.insert(all.end(), state.held_ports.begin(), state.held_ports.end());
  state.held_ports.clear();
  for (PublishedPort& port : all) {
    const bool leads =
        network && (network::Address::parse_or_none(port.host_address).is_v4() || network->subnet6);
    (leads ? state.ports : state.held_ports).push_back(std::move(port));
  }
}

// The first network of the container that leads out of this host.
std::optional<network::Network> way_out(const StatePaths& paths, const Record& record) {
  const network::NetworkStore networks(paths);
  for (const Endpoint& endpoint : record.state.endpoints) {
    const auto network = networks.find_if_exists(endpoint.network_id);
    if (network && !network->internal) return network;
  }
  return {};
}

// The ports that led to the network which the container has just left go to its next one.
void move_ports(const StatePaths& paths, Record& record) {
  const auto network = way_out(paths, record);
  settle_ports(record.state, network ? &*network : nullptr);
  if (!network) return;
  network::Membership(paths).publish(record.id, network->id, rules_of(record.state.ports));
}

void plug_in(const StatePaths& paths, Record& record, const NetworkRequest& wanted,
             bool leads_out) {
  const std::optional<Fd> process = open_pidfd(record.state.process);
  if (!process) throw Error(cat("container ", record.name, ": has just exited"));
  const network::Membership membership(paths);
  network::JoinRequest request;
  request.container = record.id;
  request.names = names_in(record, wanted);
  request.address = network::Address::parse_or_none(wanted.address);
  request.address6 = network::Address::parse_or_none(wanted.address6);
  if (!wanted.mac.empty()) request.mac = network::parse_mac(wanted.mac);
  const bool takes_ports = leads_out && !way_out(paths, record);
  if (takes_ports) request.ports = rules_of(record.state.held_ports);
  const network::Member member = membership.join(wanted.name, request);
  const std::string interface = free_interface(record);
  try {
    membership.plug(member, interface, process->get(), takes_ports);
  } catch (...) {
    membership.leave(record.id, member.network.id, true);
    throw;
  }
  record.state.endpoints.push_back(endpoint_of(member, interface));
  if (takes_ports) settle_ports(record.state, &member.network);
}

// The default route moves to the next network with outbound access.
void reroute(const StatePaths& paths, const Record& record) {
  const std::optional<Fd> process = open_pidfd(record.state.process);
  if (!process) return;
  const network::NetworkStore networks(paths);
  const network::InNamespace there(process->get());
  network::Links links;
  const std::vector<network::Route> routes = links.routes();
  if (std::any_of(routes.begin(), routes.end(),
                  [](const network::Route& route) { return route.to.length == 0; }))
    return;
  for (const Endpoint& endpoint : record.state.endpoints) {
    const auto network = networks.find_if_exists(endpoint.network_id);
    if (!network || network->internal) continue;
    std::vector<network::Address> gateways = {network->gateway};
    if (!endpoint.address6.empty()) gateways.push_back(network->gateway6);
    links.add_default_routes(endpoint.interface, gateways);
    return;
  }
}

}  // namespace

void connect_network(const ContainerStore& store, const std::string& name,
                     const std::string& container, const NetworkRequest& request) {
  const network::Network network = name == network::kDefaultNetwork || name == "default"
                                       ? default_network(store)
                                       : network::NetworkStore(store.paths()).find(name);
  auto [record, lock] = locked(store, container);
  require_own_networks(record);
  check_addresses(network, request);
  NetworkRequest wanted = request;
  wanted.name = network.name;
  const auto same = [&](const NetworkRequest& have) { return have.name == network.name; };
  if (std::any_of(record.host.networks.begin(), record.host.networks.end(), same))
    throw Error(cat("container ", record.name, ": is already in network ", network.name),
                "disconnect it first: `mini network disconnect`", ErrorKind::conflict);
  if (runs(record)) plug_in(store.paths(), record, wanted, !network.internal);
  record.host.networks.push_back(std::move(wanted));
  if (record.host.network_mode == "none") record.host.network_mode = network.name;
  store.write(record);
}

void disconnect_network(const ContainerStore& store, const std::string& name,
                        const std::string& container) {
  auto [record, lock] = locked(store, container);
  require_own_networks(record);
  const auto network = network::NetworkStore(store.paths()).find_if_exists(name);
  // A network that is gone may still be named by a stopped container.
  const std::string known = network ? network->name : name;
  const size_t gone = std::erase_if(record.host.networks,
                                    [&](const NetworkRequest& have) { return have.name == known; });
  if (gone == 0)
    throw Error(cat("container ", record.name, ": is not in network ", known),
                cat("`mini inspect ", record.name, "` shows its networks"), ErrorKind::conflict);
  if (runs(record) && network) {
    const auto before = way_out(store.paths(), record);
    network::Membership(store.paths()).leave(record.id, network->id, true);
    std::erase_if(record.state.endpoints,
                  [&](const Endpoint& endpoint) { return endpoint.network_id == network->id; });
    reroute(store.paths(), record);
    if (before && before->id == network->id) move_ports(store.paths(), record);
  }
  if (record.host.network_mode == known)
    record.host.network_mode =
        record.host.networks.empty() ? "none" : record.host.networks.front().name;
  store.write(record);
}

void remove_idle_interfaces(const ContainerStore& store) {
  network::Membership(store.paths()).remove_idle();
}

}  // namespace mini::engine
