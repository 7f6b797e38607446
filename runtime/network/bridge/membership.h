// Containers in networks: the one place where descriptions (network_store.h), leases (leases.h),
// interfaces (links.h) and rules (firewall.h) are changed together, under the lock of the networks.
// Order: the lease is written before anything is created from it, and removed after it; so whatever
// a kill leaves has a lease that names the container, and `leave` for a dead container clears it
// all. What is missing on the host (bridge, table) is made again by the next `join`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/network/bridge/leases.h"
#include "runtime/network/bridge/network_store.h"

namespace mini::network {

struct JoinRequest {
  std::string container;           // id
  std::vector<std::string> names;  // by which the others find it; the first is its name
  Address address, address6;       // wanted: refused when they are taken or outside
  Address preferred;               // taken when it is free
  std::optional<Mac> mac;
  // Published ports; `container` is filled in here. Those of a family that the network lacks are
  // left out.
  std::vector<PortRule> ports;
};

struct Member {
  Network network;
  Lease lease;
};

class Membership {
 public:
  explicit Membership(const StatePaths& paths) : store_(paths) {}

  // The lease, with bridge and rules standing. Nothing of the container's namespace is touched.
  Member join(const std::string& network, const JoinRequest& request) const;
  // The veth pair from the bridge into a namespace (a descriptor of it, or a pidfd), configured and
  // up.
  void plug(const Member& member, const std::string& interface, int netns,
            bool default_route) const;
  // Disconnects the container from one network (an id) or all: rules, veth pairs, then leases. With
  // `unplug` the veth pairs are gone on return, for a namespace that lives on. Without they go a
  // moment later: the kernel would keep those of a dead container, and its address, for as long as
  // it tries to send the last bytes of a connection.
  void leave(const std::string& container, bool unplug = false) const;
  void leave(const std::string& container, const std::string& network_id, bool unplug) const;
  // Gives a container's ports to its lease in another network (an id), where it is already.
  void publish(const std::string& container, const std::string& network_id,
               const std::vector<PortRule>& ports) const;
  void rename(const std::string& container, const std::string& network_id,
              const std::vector<std::string>& names) const;

  // The bridge of the default network and the rules, when no network has members.
  void remove_idle() const;

 private:
  void open_ports(const std::vector<PortRule>& ports) const;
  void stand_up(const Network& network) const;
  std::vector<PortRule> all_ports() const;
  void forget_flows(const std::vector<PortRule>& ports) const;

  Firewall& firewall() const;

  NetworkStore store_;
  mutable std::unique_ptr<Firewall> firewall_;  // from its first use on
};

}  // namespace mini::network
