// A container's part in networks while its monitor (or build step) lives: published ports held,
// networks joined at each start and left at each end, its name server served. Joining runs beside
// the launcher's own work (launch.h, `beside`). What a killed monitor leaves is cleared by
// network::Membership::leave, which the sweep calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/poll_round.h"
#include "runtime/engine/record/container_store.h"
#include "runtime/engine/record/record.h"
#include "runtime/network/bridge/membership.h"
#include "runtime/network/names/dns_server.h"
#include "runtime/network/names/resolv.h"

namespace mini::engine {

class ContainerNetwork {
 public:
  // `hosts_path`: the container's hosts file, rewritten when the addresses are known; empty:
  // none. Throws conflict, naming the holder, when a port to be published is busy.
  ContainerNetwork(const StatePaths& paths, const Record& record, std::string hosts_path);
  ~ContainerNetwork();
  ContainerNetwork(const ContainerNetwork&) = delete;
  ContainerNetwork& operator=(const ContainerNetwork&) = delete;

  // A start: joins all networks of `record`, opens the name server. `process`: in the container's
  // network namespace.
  void connect(const Record& record, pid_t process);
  // An end: leaves all networks, also those that it was connected to meanwhile.
  void disconnect() noexcept;

  void watch(PollRound& round);

  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  const std::vector<PublishedPort>& ports() const { return ports_; }

 private:
  void reserve(const Record& record);
  void reserve_one(const PortRequest& request, const std::string& address);
  void write_hosts(const Record& record) const;
  void open_name_server(const Record& record, int netns);
  network::DnsLookup find(std::string_view name) const;
  std::optional<std::string> name_of(const network::Address& address) const;
  bool is_internal() const;

  StatePaths paths_;
  network::Membership membership_;
  std::string id_, hosts_path_;
  bool connected_ = false;
  std::vector<Fd> reservations_;
  std::vector<network::PortRule> rules_;  // what membership is asked for
  std::vector<PublishedPort> ports_;
  std::vector<Endpoint> endpoints_;
  std::unique_ptr<network::DnsServer> name_server_;
};

// Has networks of mini's: not host, none or another container's.
bool has_networks(const HostConfig& host);
bool joins_network(const HostConfig& host);  // another container's
// Its leases get the names that the record gives it now.
void rename_in_networks(const ContainerStore& store, Record& record);
// How others resolve it: its name, aliases of that network, its short ID, its own host name.
std::vector<std::string> names_in(const Record& record, const NetworkRequest& network);
Endpoint endpoint_of(const network::Member& member, const std::string& interface);
// The servers that a container in networks asks, and its resolv.conf.
network::ResolverPlan resolver_of(const HostConfig& host);
// For the processes of a container's own group: its name server is at 127.0.0.11, port 53. False:
// it has to listen there itself.
bool steer_to_name_server(const Record& record, int netns);

}  // namespace mini::engine
