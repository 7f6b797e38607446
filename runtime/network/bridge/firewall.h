// mini's rules: one nftables table of its own ("inet mini"), made and changed atomically, read by
// `nft list table inet mini`. Rules of anybody else are neither changed nor overruled: a verdict
// "accept" in here is final in here only, so a drop in the host's own forward chain still holds.
//
//   guard        raw prerouting: containers do not reach the host's 127.0.0.0/8
//   prerouting,
//   output       to one of this host's addresses -> publish; never for 127.0.0.0/8 from outside
//   publish      address, protocol, port -> container's address and port, from maps
//   postrouting  masquerade what leaves a network (not an internal one), and what comes back into
//   it
//                through a published port
//   forward      between two networks, and from outside into one: only what was published, and
//                answers; internal networks: nothing in, nothing out
//
// What does not change with every container is in rules, published ports are elements of maps: a
// start without ports changes nothing here. The table carries a mark, so that a missing or outdated
// one is noticed and made again from the files (rebuild).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/network/bridge/network_store.h"
#include "runtime/network/link/address.h"
#include "runtime/network/link/netlink.h"

namespace mini::network {

struct PortRule {  // one published port
  Address host;    // 0.0.0.0 or ::, or an address of this host
  uint16_t host_port = 0;
  Address container;
  uint16_t container_port = 0;
  uint8_t protocol = 6;  // IPPROTO_TCP, IPPROTO_UDP
};

// The socket is closed with the object. After something was removed the kernel takes a grace period
// for that (10 ms and more), so it is done beside; for the same reason, a process should have one
// Firewall for as long as it needs any.
class Firewall {
 public:
  explicit Firewall(std::string table);
  ~Firewall();

  // True: there, and made for exactly these networks.
  bool stands(const std::vector<Network>& networks);
  void rebuild(const std::vector<Network>& networks, const std::vector<PortRule>& ports);
  void add(const std::vector<PortRule>& ports);
  // Missing ones are fine.
  void remove(const std::vector<PortRule>& ports);
  void remove_table();
  // Base chains of others at the forward hook that drop what they do not know: "ip filter FORWARD".
  std::vector<std::string> foreign_drops();

 private:
  std::string table_;
  NetlinkSocket socket_;
  bool has_removed_ = false;
};

}  // namespace mini::network
