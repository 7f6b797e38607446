// The interfaces, addresses and routes of one network namespace, over rtnetlink (rtnetlink(7)).
// A Links belongs to the namespace of the thread that made it. Everything throws SysError naming
// the interface; what is asked for twice is fine where that is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/network/link/address.h"
#include "runtime/network/link/netlink.h"

namespace mini::network {

struct Link {
  unsigned index = 0, master = 0;
  std::string name;
  Mac mac{};
  bool up = false;
  uint64_t received = 0, sent = 0;  // bytes
};

struct InterfaceAddress {
  Address address;
  unsigned length = 0;
};

struct Route {
  Subnet to;        // 0.0.0.0/0 and ::/0: the default
  Address gateway;  // none: directly
  unsigned interface = 0;
  uint32_t table = 0;
};

class Links {
 public:
  Links() : socket_(NETLINK_ROUTE) {}

  std::optional<Link> find(const std::string& name);
  std::vector<Link> list();
  std::vector<Route> routes();                                     // unicast ones of all tables
  std::vector<std::pair<unsigned, InterfaceAddress>> addresses();  // with the interface's index

  // A bridge with a fixed MAC address, so that it does not change with its ports; up.
  // One that exists is taken as it is.
  Link add_bridge(const std::string& name, const std::vector<InterfaceAddress>& addresses);
  // Both ends of a veth pair: `name` here, on the bridge and up; `peer` in the namespace of the
  // process. The bridge knows the peer's hardware address from the start, and learns no other
  // behind it.
  void add_veth_pair(const std::string& name, const Link& bridge, const std::string& peer,
                     int peer_netns, const Mac& peer_mac);
  // The inside end: addresses, up, and a default route through each of `gateways`.
  void configure(const std::string& name, const std::vector<InterfaceAddress>& addresses,
                 const std::vector<Address>& gateways);
  void add_default_routes(const std::string& name, const std::vector<Address>& gateways);
  void remove_default_routes();
  // The kernel waits for a grace period: 10 to 50 ms. Missing is fine.
  void remove(const std::string& name);
  // The same, without waiting.
  static void remove_beside(const std::string& name);

 private:
  NetlinkSocket socket_;
};

}  // namespace mini::network
