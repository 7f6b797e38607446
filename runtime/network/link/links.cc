#include "runtime/network/link/links.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

constexpr uint16_t kMake = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

std::string interface(const std::string& name) {
  return cat("interface ", name);
}

ifinfomsg link_header(unsigned index = 0, unsigned flags = 0, unsigned change = 0) {
  ifinfomsg header = {};
  header.ifi_index = static_cast<int>(index);
  header.ifi_flags = flags;
  header.ifi_change = change;
  return header;
}

NetlinkMessage set_up(unsigned index, const std::string& name) {
  return {RTM_NEWLINK, NLM_F_ACK, link_header(index, IFF_UP, IFF_UP), interface(name)};
}

NetlinkMessage new_address(unsigned index, const InterfaceAddress& own, const std::string& name) {
  ifaddrmsg header = {};
  header.ifa_family = static_cast<uint8_t>(own.address.family());
  header.ifa_prefixlen = static_cast<uint8_t>(own.length);
  // It is unique by the leases. Looking for a duplicate would take a second.
  header.ifa_flags = own.address.is_v6() ? IFA_F_NODAD : 0;
  header.ifa_index = index;
  NetlinkMessage message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, header,
                         cat("address ", own.address.str(), " of ", name));
  message.put(IFA_LOCAL, own.address.bytes(), own.address.size());
  message.put(IFA_ADDRESS, own.address.bytes(), own.address.size());
  if (own.address.is_v4()) {
    const Address broadcast = Subnet::of(own.address, own.length).last();
    message.put(IFA_BROADCAST, broadcast.bytes(), broadcast.size());
  }
  return message;
}

NetlinkMessage default_route(uint16_t type, uint16_t flags, const Address& gateway,
                             unsigned index) {
  rtmsg header = {};
  header.rtm_family = static_cast<uint8_t>(gateway.family());
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  NetlinkMessage message(type, NLM_F_ACK | flags, header, cat("default route by ", gateway.str()));
  message.put(RTA_GATEWAY, gateway.bytes(), gateway.size());
  message.put_number<uint32_t>(RTA_OIF, index);
  return message;
}

// A random MAC address: locally administered, unicast.
Mac random_mac() {
  Mac mac;
  if (getrandom(mac.data(), mac.size(), 0) != static_cast<ssize_t>(mac.size()))
    throw SysError("random hardware address");
  mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 0x02);
  return mac;
}

std::optional<Address> address_of(const std::optional<NetlinkAttribute>& attribute, int family) {
  const size_t size = family == AF_INET6 ? 16 : 4;
  if (!attribute || attribute->data.size() != size) return {};
  return Address::from_bytes(attribute->data.data(), family == AF_INET6);
}

template <class Fixed>
std::optional<Fixed> fixed_part(std::string_view data) {
  if (data.size() < sizeof(Fixed)) return {};
  Fixed fixed;
  memcpy(&fixed, data.data(), sizeof fixed);
  return fixed;
}

Link parse_link(std::string_view data) {
  Link link;
  const auto header = fixed_part<ifinfomsg>(data);
  if (!header) return link;
  link.index = static_cast<unsigned>(header->ifi_index);
  link.up = header->ifi_flags & IFF_UP;
  for (const auto& attribute : attributes(data.substr(NLMSG_ALIGN(sizeof *header)))) {
    if (attribute.type == IFLA_IFNAME) link.name = attribute.text();
    if (attribute.type == IFLA_MASTER) link.master = attribute.number<uint32_t>().value_or(0);
    if (attribute.type == IFLA_ADDRESS && attribute.data.size() == link.mac.size())
      memcpy(link.mac.data(), attribute.data.data(), link.mac.size());
    if (attribute.type == IFLA_STATS64) {
      if (const auto stats = attribute.number<rtnl_link_stats64>()) {
        link.received = stats->rx_bytes;
        link.sent = stats->tx_bytes;
      }
    }
  }
  return link;
}

NetlinkMessage removal(const std::string& name) {
  NetlinkMessage message(RTM_DELLINK, NLM_F_ACK, link_header(), interface(name));
  message.put_text(IFLA_IFNAME, name);
  return message;
}

}  // namespace

std::optional<Link> Links::find(const std::string& name) {
  NetlinkMessage message(RTM_GETLINK, 0, link_header(), interface(name));
  message.put_text(IFLA_IFNAME, name);
  const auto data = socket_.get(message);
  if (!data) return {};
  return parse_link(*data);
}

std::vector<Link> Links::list() {
  NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP, link_header(), "interfaces");
  std::vector<Link> out;
  socket_.dump(message, [&](std::string_view data) { out.push_back(parse_link(data)); });
  return out;
}

std::vector<Route> Links::routes() {
  NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP, rtmsg{}, "routes");
  std::vector<Route> out;
  socket_.dump(message, [&](std::string_view data) {
    const auto header = fixed_part<rtmsg>(data);
    if (!header || header->rtm_type != RTN_UNICAST) return;
    if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6) return;
    const std::string_view rest = data.substr(NLMSG_ALIGN(sizeof *header));
    Route route;
    route.to.base =
        address_of(find_attribute(rest, RTA_DST), header->rtm_family)
            .value_or(header->rtm_family == AF_INET6 ? *Address::parse("::") : Address::v4(0));
    route.to.length = header->rtm_dst_len;
    route.gateway =
        address_of(find_attribute(rest, RTA_GATEWAY), header->rtm_family).value_or(Address());
    route.table = header->rtm_table;
    if (const auto table = find_attribute(rest, RTA_TABLE))
      route.table = table->number<uint32_t>().value_or(0);
    if (const auto link = find_attribute(rest, RTA_OIF))
      route.interface = link->number<uint32_t>().value_or(0);
    out.push_back(route);
  });
  return out;
}

std::vector<std::pair<unsigned, InterfaceAddress>> Links::addresses() {
  NetlinkMessage message(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}, "addresses");
  std::vector<std::pair<unsigned, InterfaceAddress>> out;
  socket_.dump(message, [&](std::string_view data) {
    const auto header = fixed_part<ifaddrmsg>(data);
    if (!header) return;
    const std::string_view rest = data.substr(NLMSG_ALIGN(sizeof *header));
    auto own = address_of(find_attribute(rest, IFA_LOCAL), header->ifa_family);
    if (!own) own = address_of(find_attribute(rest, IFA_ADDRESS), header->ifa_family);
    if (own) out.push_back({header->ifa_index, {*own, header->ifa_prefixlen}});
  });
  return out;
}

Link Links::add_bridge(const std::string& name, const std::vector<InterfaceAddress>& addresses) {
  NetlinkMessage make(RTM_NEWLINK, kMake, link_header(), cat("bridge ", name));
  const Mac mac = random_mac();
  make.put_text(IFLA_IFNAME, name);
  make.put(IFLA_ADDRESS, mac.data(), mac.size());
  make.nest(IFLA_LINKINFO, [&] { make.put_text(IFLA_INFO_KIND, "bridge"); });
  try {
    socket_.request(make);
  } catch (const SysError& error) {
    if (error.code() != EEXIST) throw;
  }
  auto link = find(name);
  if (!link) throw Error(cat("bridge ", name, ": was removed while it was created"));
  std::vector<NetlinkMessage> rest;
  for (const InterfaceAddress& own : addresses) rest.push_back(new_address(link->index, own, name));
  rest.push_back(set_up(link->index, name));
  socket_.request(rest);
  link->up = true;
  return *link;
}

void Links::add_veth_pair(const std::string& name, const Link& bridge, const std::string& peer,
                          int peer_netns, const Mac& peer_mac) {
  NetlinkMessage make(RTM_NEWLINK, kMake, link_header(), interface(name));
  make.put_text(IFLA_IFNAME, name);
  make.nest(IFLA_LINKINFO, [&] {
    make.put_text(IFLA_INFO_KIND, "veth");
    make.nest(IFLA_INFO_DATA, [&] {
      make.nest(VETH_INFO_PEER, [&] {
        const ifinfomsg header = link_header();
        make.append(&header, sizeof header);
        make.put_text(IFLA_IFNAME, peer);
        make.put(IFLA_ADDRESS, peer_mac.data(), peer_mac.size());
        make.put_number<int32_t>(IFLA_NET_NS_FD, peer_netns);
      });
    });
  });
  socket_.request(make);
  const auto link = find(name);
  if (!link) throw Error(cat(interface(name), ": was removed while it was created"));

  std::vector<NetlinkMessage> rest;
  // Without an IPv6 address: it is only a bridge port.
  NetlinkMessage& quiet =
      rest.emplace_back(RTM_NEWLINK, NLM_F_ACK, link_header(link->index), interface(name));
  quiet.nest(IFLA_AF_SPEC, [&] {
    quiet.nest(AF_INET6, [&] {
      quiet.put_number<uint8_t>(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    });
  });
  NetlinkMessage& plug = rest.emplace_back(
      RTM_NEWLINK, NLM_F_ACK, link_header(link->index, IFF_UP, IFF_UP), interface(name));
  plug.put_number<uint32_t>(IFLA_MASTER, bridge.index);
  ifinfomsg port = link_header(link->index);
  port.ifi_family = AF_BRIDGE;
  NetlinkMessage& fixed = rest.emplace_back(RTM_SETLINK, NLM_F_ACK, port, interface(name));
  fixed.nest(IFLA_PROTINFO, [&] {
    fixed.put_number<uint8_t>(IFLA_BRPORT_LEARNING, 0);
    // Where br_netfilter is loaded, a container that calls its own published port is redirected
    // back while still in the bridge.
    fixed.put_number<uint8_t>(IFLA_BRPORT_MODE, 1);
  });
  ndmsg neighbour = {};
  neighbour.ndm_family = AF_BRIDGE;
  neighbour.ndm_ifindex = static_cast<int>(link->index);
  neighbour.ndm_state = NUD_NOARP;
  neighbour.ndm_flags = NTF_MASTER;
  NetlinkMessage& known = rest.emplace_back(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
                                            neighbour, interface(name));
  known.put(NDA_LLADDR, peer_mac.data(), peer_mac.size());
  socket_.request(rest);
}

void Links::configure(const std::string& name, const std::vector<InterfaceAddress>& addresses,
                      const std::vector<Address>& gateways) {
  const auto link = find(name);
  if (!link) throw Error(cat(interface(name), ": missing"));
  std::vector<NetlinkMessage> all;
  for (const InterfaceAddress& own : addresses) all.push_back(new_address(link->index, own, name));
  all.push_back(set_up(link->index, name));
  for (const Address& gateway : gateways)
    all.push_back(default_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, gateway, link->index));
  socket_.request(all);
}

void Links::add_default_routes(const std::string& name, const std::vector<Address>& gateways) {
  const auto link = find(name);
  if (!link) throw Error(cat(interface(name), ": missing"));
  for (const Address& gateway : gateways) {
    NetlinkMessage route =
        default_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, gateway, link->index);
    socket_.request(route);
  }
}

void Links::remove_default_routes() {
  for (const Route& route : routes()) {
    if (route.to.length != 0 || !route.gateway || route.table != RT_TABLE_MAIN) continue;
    NetlinkMessage message = default_route(RTM_DELROUTE, 0, route.gateway, route.interface);
    socket_.request(message);
  }
}

void Links::remove_beside(const std::string& name) {
  close_beside(NetlinkSocket(NETLINK_ROUTE).release(), removal(name).bytes());
}

void Links::remove(const std::string& name) {
  NetlinkMessage message = removal(name);
  try {
    socket_.request(message);
  } catch (const SysError& error) {
    if (error.code() != ENODEV) throw;
  }
}

}  // namespace mini::network
