#include "runtime/engine/sandbox/container_network.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <algorithm>
#include <map>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/container/cgroup/cgroup.h"
#include "runtime/engine/sandbox/sandbox.h"
#include "runtime/engine/sandbox/sandbox_facts.h"
#include "runtime/network/bridge/port_reservation.h"
#include "runtime/network/names/dns_steering.h"

namespace mini::engine {
namespace {

uint8_t protocol_number(const std::string& protocol) {
  return protocol == "udp" ? IPPROTO_UDP : IPPROTO_TCP;
}

// "80/tcp"
std::optional<PortRequest> exposed_port(const std::string& text) {
  const size_t slash = text.find('/');
  const auto port = parse_number(text.substr(0, slash), 65535);
  PortRequest out;
  if (slash != std::string::npos) out.protocol = text.substr(slash + 1);
  if (!port || *port == 0 || (out.protocol != "tcp" && out.protocol != "udp")) return {};
  out.container_port = static_cast<uint16_t>(*port);
  return out;
}

std::vector<PortRequest> wanted_ports(const Record& record) {
  std::vector<PortRequest> out = record.host.ports;
  if (!record.host.publish_all) return out;
  for (const std::string& text : record.config.exposed_ports) {
    const auto port = exposed_port(text);
    const auto same = [&](const PortRequest& other) {
      return other.container_port == port->container_port && other.protocol == port->protocol;
    };
    if (port && std::none_of(out.begin(), out.end(), same)) out.push_back(*port);
  }
  return out;
}

std::vector<network::Network> networks_of(const StatePaths& paths, const HostConfig& host) {
  const network::NetworkStore store(paths);
  std::vector<network::Network> out;
  for (const NetworkRequest& request : host.networks) {
    auto found = store.find_if_exists(request.name);
    // The first container that joins the default network creates it.
    if (found) {
      out.push_back(std::move(*found));
    } else if (request.name == network::kDefaultNetwork) {
      out.emplace_back().name = request.name;
    } else {
      store.find(request.name);
    }
  }
  return out;
}

// The first with outbound access; its gateway is the default route, its address published.
size_t way_out_of(const std::vector<network::Network>& networks) {
  const auto found =
      std::find_if(networks.begin(), networks.end(),
                   [](const network::Network& network) { return !network.internal; });
  return static_cast<size_t>(found - networks.begin());
}

}  // namespace

bool has_networks(const HostConfig& host) {
  return !host.networks.empty();
}

bool joins_network(const HostConfig& host) {
  return host.network_mode.starts_with("container:");
}

std::vector<std::string> names_in(const Record& record, const NetworkRequest& network) {
  std::vector<std::string> names = {lower(record.name)};
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::count(names.begin(), names.end(), lower(name)) == 0)
      names.push_back(lower(name));
  };
  for (const std::string& alias : network.aliases) add(alias);
  add(record.id.substr(0, 12));
  // A host name may be anything; leases and DNS want a name that can be looked up.
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  if (lower(record.config.hostname).find_first_not_of(kAllowed) == std::string::npos)
    add(record.config.hostname);
  return names;
}

void rename_in_networks(const ContainerStore& store, Record& record) {
  if (record.state.endpoints.empty()) return;
  const network::Membership membership(store.paths());
  for (Endpoint& endpoint : record.state.endpoints) {
    for (const NetworkRequest& network : record.host.networks) {
      if (network.name != endpoint.network) continue;
      endpoint.names = names_in(record, network);
      membership.rename(record.id, endpoint.network_id, endpoint.names);
    }
  }
  store.write(record);
}

Endpoint endpoint_of(const network::Member& member, const std::string& interface) {
  const network::Network& network = member.network;
  Endpoint out;
  out.network = network.name;
  out.network_id = network.id;
  out.interface = interface;
  out.host_interface = member.lease.interface;
  out.address = member.lease.address.str();
  out.gateway = network.gateway.str();
  out.prefix = network.subnet.length;
  out.mac = network::to_string(member.lease.mac);
  out.names = member.lease.names;
  if (!member.lease.address6) return out;
  out.address6 = member.lease.address6.str();
  out.gateway6 = network.gateway6.str();
  out.prefix6 = network.subnet6->length;
  return out;
}

network::ResolverPlan resolver_of(const HostConfig& host) {
  network::ResolverWishes wishes{host.dns, host.dns_search, host.dns_options};
  if (wishes.search == std::vector<std::string>{"."}) wishes.search.clear();
  return network::plan_resolver(read_file_if_exists("/etc/resolv.conf").value_or(""), wishes);
}

bool steer_to_name_server(const Record& record, int netns) {
  const auto directory = container::Cgroup::find(cgroup_path(record)).directory("");
  return directory && network::steer_dns(*directory, netns, network::kSteeredDnsPort);
}

ContainerNetwork::ContainerNetwork(const StatePaths& paths, const Record& record,
                                   std::string hosts_path)
    : paths_(paths), membership_(paths), id_(record.id), hosts_path_(std::move(hosts_path)) {
  reserve(record);
}

ContainerNetwork::~ContainerNetwork() {
  disconnect();
}

// --- ports ---

void ContainerNetwork::reserve(const Record& record) {
  const std::vector<PortRequest> wanted = wanted_ports(record);
  if (wanted.empty()) return;
  const std::vector<network::Network> networks = networks_of(paths_, record.host);
  const size_t way_out = way_out_of(networks);
  if (way_out == networks.size())
    throw Error(cat("publish: container ", record.name,
                    " is in internal networks only, which publish no ports"),
                "connect it to another network: `mini network connect`", ErrorKind::usage);
  for (const PortRequest& request : wanted) {
    if (!request.host_address.empty()) {
      const network::Address wanted_address = network::Address::parse_or_none(request.host_address);
      if (wanted_address.is_v6() && !wanted_address.is_loopback() && !networks[way_out].subnet6)
        throw Error(cat("publish on ", request.host_address, ": network ", networks[way_out].name,
                        " has no IPv6"),
                    "create one with IPv6: `mini network create --ipv6 NAME`", ErrorKind::usage);
      reserve_one(request, request.host_address);
      continue;
    }
    reserve_one(request, "0.0.0.0");
    if (!networks[way_out].subnet6) continue;
    PortRequest same = request;
    same.host_port = same.host_port_last = ports_.back().host_port;
    reserve_one(same, "::");
  }
}

void ContainerNetwork::reserve_one(const PortRequest& request, const std::string& address) {
  network::PortRule rule;
  rule.host = network::Address::parse_or_none(address);
  rule.container_port = request.container_port;
  rule.protocol = protocol_number(request.protocol);
  const unsigned last = std::max(request.host_port, request.host_port_last);
  for (unsigned port = request.host_port; port <= last; ++port) {
    rule.host_port = static_cast<uint16_t>(port);
    try {
      reservations_.push_back(network::reserve_port(paths_, rule));
      break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::conflict || port == last) throw;
    }
  }
  rules_.push_back(rule);
  ports_.push_back({address, rule.host_port, rule.container_port, request.protocol});
}

// --- starts and ends ---

void ContainerNetwork::connect(const Record& record, pid_t process) {
  const Fd pidfd = open_pidfd(process);
  const size_t way_out = way_out_of(networks_of(paths_, record.host));
  std::map<std::string, std::string> before = record.state.last_addresses;
  for (const Endpoint& endpoint : std::exchange(endpoints_, {}))
    before[endpoint.network] = endpoint.address;
  connected_ = true;
  for (size_t i = 0; i < record.host.networks.size(); ++i) {
    const NetworkRequest& wanted = record.host.networks[i];
    network::JoinRequest request;
    request.container = id_;
    request.names = names_in(record, wanted);
    request.address = network::Address::parse_or_none(wanted.address);
    request.address6 = network::Address::parse_or_none(wanted.address6);
    if (!wanted.mac.empty()) request.mac = network::parse_mac(wanted.mac);
    const auto last = before.find(wanted.name);
    if (last != before.end()) request.preferred = network::Address::parse_or_none(last->second);
    if (i == way_out) request.ports = rules_;
    const network::Member member = membership_.join(wanted.name, request);
    const std::string interface = cat("eth", i);
    membership_.plug(member, interface, pidfd.get(), i == way_out);
    endpoints_.push_back(endpoint_of(member, interface));
  }
  if (!hosts_path_.empty()) write_hosts(record);
  open_name_server(record, pidfd.get());
}

void ContainerNetwork::disconnect() noexcept {
  name_server_.reset();
  if (!std::exchange(connected_, false)) return;
  try {
    membership_.leave(id_);
  } catch (const std::exception& error) {
    // The next command's sweep tries again.
    debug("container ", id_, ": ", error.what());
  }
}

void ContainerNetwork::watch(PollRound& round) {
  if (name_server_)
    round.watch(name_server_->fd(), POLLIN, [this](short) { name_server_->serve(); });
}

// In place: the file is already mounted, and it is not read before the command runs.
void ContainerNetwork::write_hosts(const Record& record) const {
  std::vector<std::string> extra = record.host.extra_hosts;
  for (std::string& entry : extra) {
    constexpr std::string_view kGateway = "host-gateway";
    if (entry.ends_with(kGateway))
      entry.replace(entry.size() - kGateway.size(), kGateway.size(), endpoints_.front().gateway);
  }
  std::string text = hosts_file(extra);
  for (const Endpoint& endpoint : endpoints_) {
    const std::string name = host_name_of(record);
    text += cat(endpoint.address, '\t', name, '\n');
    if (!endpoint.address6.empty()) text += cat(endpoint.address6, '\t', name, '\n');
  }
  const Fd fd = open_file(hosts_path_, O_WRONLY | O_TRUNC | O_NOFOLLOW);
  write_all(fd.get(), text, hosts_path_);
}

// --- names ---

void ContainerNetwork::open_name_server(const Record& record, int netns) {
  const uint16_t port =
      steer_to_name_server(record, netns) ? network::kSteeredDnsPort : network::kDnsPort;
  network::DnsOptions options;
  options.upstreams = resolver_of(record.host).upstreams;
  options.internal = [this] { return is_internal(); };
  name_server_ = std::make_unique<network::DnsServer>(
      network::open_dns_sockets(netns, port),
      network::DnsNames{[this](std::string_view name) { return find(name); },
                        [this](const network::Address& address) { return name_of(address); }},
      std::move(options));
}

// Looked up in the leases of all networks that the container is in at this moment.
network::DnsLookup ContainerNetwork::find(std::string_view name) const {
  network::DnsLookup out;
  for (const std::string& id : network::leased_networks(paths_)) {
    const network::Leases leases = network::Leases::load(paths_, id);
    if (!leases.of(id_)) continue;
    for (const network::Lease& lease : leases.all()) {
      if (std::count(lease.names.begin(), lease.names.end(), name) == 0) continue;
      out.known = true;
      for (const network::Address& address : {lease.address, lease.address6})
        if (address) out.addresses.push_back(address);
    }
  }
  return out;
}

std::optional<std::string> ContainerNetwork::name_of(const network::Address& address) const {
  for (const std::string& id : network::leased_networks(paths_)) {
    const network::Leases leases = network::Leases::load(paths_, id);
    if (!leases.of(id_)) continue;
    const network::Lease* holder = leases.holder(address);
    if (holder && !holder->names.empty()) return holder->names.front();
  }
  return {};
}

// Networks come and go while the container runs.
bool ContainerNetwork::is_internal() const {
  const network::NetworkStore store(paths_);
  for (const std::string& id : network::leased_networks(paths_)) {
    if (!network::Leases::load(paths_, id).of(id_)) continue;
    const auto network = store.find_if_exists(id);
    if (network && !network->internal) return false;
  }
  return true;
}

}  // namespace mini::engine
