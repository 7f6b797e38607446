#include "runtime/network/bridge/membership.h"

#include <netinet/in.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/network/link/conntrack.h"
#include "runtime/network/link/in_namespace.h"
#include "runtime/network/link/links.h"
#include "runtime/network/names/host_names.h"

namespace mini::network {
namespace {

void set(const std::string& setting, const std::string& value) {
  const std::string path = "/proc/sys/net/" + setting;
  // Read first: on a host that is set up, nothing is written.
  if (trim(read_file_if_exists(path).value_or(value)) != value) write_existing(path, value);
}

// A host that routes IPv6 no longer takes routes from router advertisements, unless told to.
void keep_router_advertisements() {
  for (const std::string& interface : list_directory("/proc/sys/net/ipv6/conf")) {
    const std::string path = cat("ipv6/conf/", interface, "/accept_ra");
    if (trim(read_file_if_exists("/proc/sys/net/" + path).value_or("")) == "1") set(path, "2");
  }
}

void prepare_host(const Network& network) {
  set("ipv4/ip_forward", "1");
  // So that 127.0.0.1 can be a published address; the firewall's guard keeps others out.
  set(cat("ipv4/conf/", network.bridge, "/route_localnet"), "1");
  const std::string own = cat("ipv6/conf/", network.bridge);
  // A container may not give the host a route (CVE-2020-13401).
  set(own + "/accept_ra", "0");
  if (!network.subnet6) {
    set(own + "/disable_ipv6", "1");
  } else if (trim(read_file("/proc/sys/net/ipv6/conf/all/forwarding")) != "1") {
    keep_router_advertisements();
    set("ipv6/conf/all/forwarding", "1");
  }
}

std::vector<InterfaceAddress> gateways_of(const Network& network) {
  std::vector<InterfaceAddress> out = {{network.gateway, network.subnet.length}};
  if (network.subnet6) out.push_back({network.gateway6, network.subnet6->length});
  return out;
}

// The same address has the same hardware address, so what others remember of it stays true.
Mac mac_of(const Address& address) {
  Mac mac = {0x02, 0x42};
  std::copy_n(address.bytes(), 4, mac.begin() + 2);
  return mac;
}

void check_wanted(const Network& network, const Leases& leases, const Address& wanted,
                  const std::string& flag) {
  if (!wanted) return;
  const std::optional<Subnet> subnet = wanted.is_v6() ? network.subnet6 : network.subnet;
  if (!subnet || !subnet->contains(wanted)) {
    throw Error(cat(flag, ' ', wanted.str(), ": is not in network ", network.name,
                    subnet ? cat(" (", subnet->str(), ")") : ", which has no IPv6"),
                {}, ErrorKind::usage);
  }
  const bool gateway = wanted == network.gateway || wanted == network.gateway6;
  const bool reserved = wanted == subnet->base || (wanted.is_v4() && wanted == subnet->last());
  if (const Lease* holder = leases.holder(wanted)) {
    throw Error(cat(flag, ' ', wanted.str(), ": in use by container ",
                    holder->names.empty() ? holder->container.substr(0, 12) : holder->names[0]),
                "choose another address, or omit it", ErrorKind::conflict);
  }
  if (gateway || reserved) {
    throw Error(cat(flag, ' ', wanted.str(), ": is ",
                    gateway ? "the gateway" : "not a host address", " of network ", network.name),
                "choose another address, or omit it", ErrorKind::conflict);
  }
}

std::vector<PortRule> ports_of(const std::vector<PortRule>& wanted, const Lease& lease) {
  std::vector<PortRule> out;
  for (PortRule port : wanted) {
    port.container = port.host.is_v6() ? lease.address6 : lease.address;
    if (port.container) out.push_back(port);
  }
  return out;
}

}  // namespace

std::vector<PortRule> Membership::all_ports() const {
  std::vector<PortRule> out;
  for (const std::string& id : leased_networks(store_.paths())) {
    const Leases leases = Leases::load(store_.paths(), id);
    for (const Lease& lease : leases.all())
      out.insert(out.end(), lease.ports.begin(), lease.ports.end());
  }
  return out;
}

Firewall& Membership::firewall() const {
  if (!firewall_) firewall_ = std::make_unique<Firewall>(firewall_table(store_.paths()));
  return *firewall_;
}

void Membership::stand_up(const Network& network) const {
  Links links;
  if (!links.find(network.bridge)) {
    links.add_bridge(network.bridge, gateways_of(network));
    prepare_host(network);
  }
  const std::vector<Network> networks = store_.list();
  if (!firewall().stands(networks)) firewall().rebuild(networks, all_ports());
}

Member Membership::join(const std::string& name, const JoinRequest& request) const {
  const FileLock held = store_.lock();
  const bool is_default = name == kDefaultNetwork || name == "default";
  Member member;
  member.network = is_default ? store_.ensure_default() : store_.find(name);
  const Network& network = member.network;
  Leases leases = Leases::load(store_.paths(), network.id);
  leases.remove(request.container);
  check_wanted(network, leases, request.address, "--ip");
  check_wanted(network, leases, request.address6, "--ip6");
  stand_up(network);
  Lease& lease = member.lease;
  lease.container = request.container;
  lease.names = request.names;
  lease.interface = "veth" + random_hex(10);
  lease.address =
      request.address ? request.address : leases.next_address(network, request.preferred);
  if (network.subnet6)
    lease.address6 = request.address6 ? request.address6 : leases.next_address6(network, {});
  lease.mac = request.mac.value_or(mac_of(lease.address));
  lease.ports = ports_of(request.ports, lease);
  leases.add(lease);
  leases.save();
  if (!lease.ports.empty()) open_ports(lease.ports);
  return member;
}

void Membership::open_ports(const std::vector<PortRule>& ports) const {
  try {
    firewall().add(ports);
  } catch (const SysError&) {
    // Somebody else had a hand in the table: the leases know what belongs in it.
    firewall().rebuild(store_.list(), all_ports());
  }
  forget_flows(ports);
}

// What clients sent before, and what they sent to the container that had the port until now.
void Membership::forget_flows(const std::vector<PortRule>& ports) const {
  std::vector<UdpPort> udp;
  for (const PortRule& port : ports) {
    if (port.protocol == IPPROTO_UDP) udp.push_back({port.host, port.host_port});
  }
  if (udp.empty()) return;
  const std::vector<Network> networks = store_.list();
  const auto own = Links().addresses();
  forget_udp_flows(udp, [&](const Address& by) {
    const bool container =
        std::any_of(networks.begin(), networks.end(), [&](const Network& network) {
          return network.subnet.contains(by) || (network.subnet6 && network.subnet6->contains(by));
        });
    return container || by.is_loopback() ||
           std::any_of(own.begin(), own.end(),
                       [&](const auto& each) { return each.second.address == by; });
  });
}

void Membership::publish(const std::string& container, const std::string& network_id,
                         const std::vector<PortRule>& ports) const {
  const FileLock held = store_.lock();
  Leases leases = Leases::load(store_.paths(), network_id);
  Lease* lease = leases.of(container);
  if (!lease) return;
  lease->ports = ports_of(ports, *lease);
  leases.save();
  if (!lease->ports.empty()) open_ports(lease->ports);
}

void Membership::plug(const Member& member, const std::string& interface, int netns,
                      bool default_route) const {
  const Network& network = member.network;
  const Lease& lease = member.lease;
  Links outside;
  const auto bridge = outside.find(network.bridge);
  if (!bridge)
    throw Error(cat("network ", network.name, ": its bridge ", network.bridge, " is gone"));
  std::optional<Links> inside;
  {
    const InNamespace there(netns);
    inside.emplace();
    // A pidfd is not a namespace descriptor, which rtnetlink needs.
    const Fd own = own_network_namespace();
    outside.add_veth_pair(lease.interface, *bridge, interface, own.get(), lease.mac);
    const std::string v6 = cat("ipv6/conf/", interface);
    set(v6 + "/disable_ipv6", network.subnet6 ? "0" : "1");
    if (network.subnet6) set(v6 + "/accept_ra", "0");
  }
  std::vector<InterfaceAddress> addresses = {{lease.address, network.subnet.length}};
  std::vector<Address> gateways;
  if (lease.address6) addresses.push_back({lease.address6, network.subnet6->length});
  if (default_route && !network.internal) {
    gateways.push_back(network.gateway);
    if (lease.address6) gateways.push_back(network.gateway6);
  }
  inside->configure(interface, addresses, gateways);
}

void Membership::leave(const std::string& container, bool unplug) const {
  for (const std::string& id : leased_networks(store_.paths())) leave(container, id, unplug);
}

void Membership::leave(const std::string& container, const std::string& network_id,
                       bool unplug) const {
  const FileLock held = store_.lock();
  Leases leases = Leases::load(store_.paths(), network_id);
  const Lease* lease = leases.of(container);
  if (!lease) return;
  if (!lease->ports.empty()) firewall().remove(lease->ports);
  if (unplug) {
    Links().remove(lease->interface);
  } else {
    Links::remove_beside(lease->interface);
  }
  const std::vector<PortRule> ports = lease->ports;
  leases.remove(container);
  leases.save();
  forget_flows(ports);
}

void Membership::rename(const std::string& container, const std::string& network_id,
                        const std::vector<std::string>& names) const {
  const FileLock held = store_.lock();
  Leases leases = Leases::load(store_.paths(), network_id);
  Lease* lease = leases.of(container);
  if (!lease) return;
  lease->names = names;
  leases.save();
}

void Membership::remove_idle() const {
  const FileLock held = store_.lock();
  const std::vector<Network> networks = store_.list();
  bool idle = true;
  for (const Network& network : networks) {
    if (Leases::load(store_.paths(), network.id).all().empty()) {
      Links().remove(network.bridge);
    } else {
      idle = false;
    }
  }
  if (idle) firewall().remove_table();
}

}  // namespace mini::network
