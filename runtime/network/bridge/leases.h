// The current members of a network: addresses, names and published ports of its running containers,
// in one small text file per network (<run>/networks/<network id>), replaced by rename. It is the
// source for address choice, for name lookups and for making the firewall's table again. A line
// belongs to one container; the code that removes the container's other traces removes it too
// (membership.h). Changing needs the lock of NetworkStore; reading needs none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/state_paths.h"
#include "runtime/network/bridge/firewall.h"
#include "runtime/network/bridge/network_store.h"
#include "runtime/network/link/address.h"

namespace mini::network {

struct Lease {
  std::string container;  // id
  std::string interface;  // on the host
  Address address, address6;
  Mac mac{};
  std::vector<std::string> names;  // lower case; the first is the container's name
  std::vector<PortRule> ports;     // those that forward to this lease's addresses
};

class Leases {
 public:
  static Leases load(const StatePaths& paths, const std::string& network_id);
  void save() const;

  const std::vector<Lease>& all() const { return leases_; }
  const Lease* of(const std::string& container) const;
  Lease* of(const std::string& container);
  const Lease* holder(const Address& address) const;
  void add(Lease lease);
  bool remove(const std::string& container);  // false: was not there

  // The next free one after the last that was given, so that an address is not used again soon;
  // `preferred` when it is free. Throws conflict when all are taken.
  Address next_address(const Network& network, const Address& preferred);
  Address next_address6(const Network& network, const Address& preferred);

  std::string text() const;
  static Leases parse(std::string_view text);

 private:
  std::string path_;
  Address last_, last6_;
  std::vector<Lease> leases_;
};

// Every network that has leases: ids.
std::vector<std::string> leased_networks(const StatePaths& paths);

}  // namespace mini::network
