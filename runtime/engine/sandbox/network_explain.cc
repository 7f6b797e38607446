// networks.h's explain_network: facts read from the record, the leases, the container's own
// namespace and the kernel's rules at this moment, as sentences.
#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/container_network.h"
#include "runtime/engine/sandbox/networks.h"
#include "runtime/network/link/in_namespace.h"
#include "runtime/network/link/links.h"
#include "runtime/network/names/host_names.h"

namespace mini::engine {
namespace {

class Explanation {
 public:
  Explanation(const ContainerStore& store, const Record& record) : store_(store), record_(record) {}

  std::string text() {
    line("", cat("container ", record_.name, " (", record_.id.substr(0, 12), ")"));
    if (record_.host.network_mode == "host") {
      line("", "network host: uses the host's interfaces, addresses and ports");
    } else if (joins_network(record_.host)) {
      const std::string other = record_.host.network_mode.substr(sizeof "container:" - 1);
      line("", cat("network of container ", other.substr(0, 12), ": see `mini network explain ",
                   other.substr(0, 12), "`"));
    } else if (record_.host.networks.empty()) {
      line("", "network none: loopback only, no other connectivity");
    } else {
      explain_networks();
    }
    return std::move(text_);
  }

 private:
  void line(const std::string& key, const std::string& fact) {
    constexpr size_t kColumn = 14;
    if (key.empty()) {
      text_ += cat(fact, '\n');
    } else {
      text_ +=
          cat("  ", key, std::string(kColumn - std::min(kColumn - 1, key.size()), ' '), fact, '\n');
    }
  }

  void explain_networks() {
    if (record_.state.endpoints.empty()) {
      for (const NetworkRequest& network : record_.host.networks)
        line("", cat("network ", network.name, ": connected when the container starts"));
      return;
    }
    for (const Endpoint& endpoint : record_.state.endpoints) explain(endpoint);
    explain_routes();
    explain_name_server();
    explain_ports();
    explain_obstacles();
  }

  void explain(const Endpoint& endpoint) {
    const auto network = network::NetworkStore(store_.paths()).find_if_exists(endpoint.network_id);
    if (!network) return;
    internal_only_ = internal_only_ && network->internal;
    line("", cat("network ", network->name, " (", network->subnet.str(),
                 network->subnet6 ? cat(", ", network->subnet6->str()) : "",
                 network->internal ? ", internal)" : ")"));
    line("interface", cat(endpoint.interface, ' ', endpoint.mac, ", veth peer ",
                          endpoint.host_interface, " on bridge ", network->bridge));
    line("address",
         cat(endpoint.address, '/', endpoint.prefix,
             endpoint.address6.empty() ? "" : cat(", ", endpoint.address6, '/', endpoint.prefix6)));
    line("names", join(endpoint.names, ", "));
    std::vector<std::string> others;
    const auto leases = network::Leases::load(store_.paths(), network->id);
    for (const network::Lease& lease : leases.all()) {
      if (lease.container != record_.id && !lease.names.empty())
        others.push_back(cat(lease.names[0], " (", lease.address.str(), ")"));
    }
    line("neighbours", others.empty() ? "none" : join(others, ", "));
    line("in", network->internal
                   ? "this host and containers of the network reach every port; nothing else does"
                   : "this host and containers of the network reach every port; other networks and "
                     "hosts reach published ports only");
    line("out", network->internal
                    ? "containers of the network and the gateway address, nothing else"
                    : "everything, with this host's address (NAT)");
  }

  void explain_routes() {
    const std::optional<Fd> process = open_pidfd(record_.state.process);
    if (!process) return;
    line("", "routes of the container");
    const network::InNamespace there(process->get());
    network::Links links;
    const std::vector<network::Link> interfaces = links.list();
    for (const network::Route& route : links.routes()) {
      const auto found = std::find_if(interfaces.begin(), interfaces.end(), [&](const auto& link) {
        return link.index == route.interface;
      });
      if (found == interfaces.end() || found->name == "lo") continue;
      line(route.to.length == 0 ? "default" : route.to.str(),
           route.gateway ? cat("by ", route.gateway.str(), " on ", found->name)
                         : cat("directly on ", found->name));
    }
  }

  void explain_name_server() {
    std::vector<std::string> servers;
    for (const network::Upstream& upstream : resolver_of(record_.host).upstreams) {
      if (internal_only_ && upstream.from_host) continue;
      servers.push_back(
          cat(upstream.address.str(), upstream.from_host ? " (queried from this host)" : ""));
    }
    line("", "name server 127.0.0.11");
    line("first", "names of the containers in its networks");
    line("then", servers.empty() ? "none: this host configures no usable name server"
                                 : join(servers, ", "));
  }

  void explain_ports() {
    if (record_.state.ports.empty()) return;
    line("", "published ports");
    for (const PublishedPort& port : record_.state.ports) {
      const auto host = network::Address::parse(port.host_address);
      const std::string shown =
          host && host->is_v6() ? cat('[', port.host_address, ']') : port.host_address;
      line(cat(shown, ':', port.host_port),
           cat("-> port ", port.container_port, '/', port.protocol, ", for ",
               host && host->is_loopback()
                   ? "clients on this host only"
                   : "clients on this host, on other hosts and in containers"));
    }
    line("rules", cat("nft list table inet ", network::firewall_table(store_.paths())));
  }

  void explain_obstacles() {
    std::vector<std::string> found;
    if (trim(read_file_if_exists("/proc/sys/net/ipv4/ip_forward").value_or("1")) != "1")
      found.push_back(
          "this host does not forward: `sysctl net.ipv4.ip_forward=1`; mini enables it when "
          "a network's bridge comes up");
    for (const std::string& chain :
         network::Firewall(network::firewall_table(store_.paths())).foreign_drops())
      found.push_back(cat("firewall chain \"", chain,
                          "\" drops forwarded packets unless a rule accepts them; mini does "
                          "not change it: `nft list ruleset`"));
    const std::string legacy = read_file_if_exists("/proc/net/ip_tables_names").value_or("");
    if (legacy.find("filter") != std::string::npos)
      found.push_back("a legacy iptables filter is also loaded: `iptables-legacy -S FORWARD`");
    line("", found.empty() ? "no known obstacles on this host" : "possible obstacles");
    for (const std::string& obstacle : found) line("-", obstacle);
  }

  const ContainerStore& store_;
  const Record& record_;
  std::string text_;
  bool internal_only_ = true;
};

}  // namespace

std::string explain_network(const ContainerStore& store, const std::string& container) {
  const Record record = store.find(container);
  return Explanation(store, record).text();
}

}  // namespace mini::engine
