// network create, rm, connect, disconnect, explain.
#include "runtime/engine/sandbox/networks.h"

#include "cmd/commands/commands.h"
#include "cmd/flags/flag_values.h"
#include "cmd/flags/flags.h"
#include "cmd/flags/network_values.h"
#include "cmd/flags/stores.h"
#include "cmd/output/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

// Docker's daemon checks these, not its client.
[[noreturn]] void refuse_network(const char* flag, const std::string& text, const std::string& what,
                                 const std::string& hint) {
  refuse(flag, text, what, hint, ErrorKind::usage);
}

network::Subnet subnet_flag(const std::string& text) {
  if (const auto subnet = network::Subnet::parse(text)) return *subnet;
  const size_t slash = text.find('/');
  const auto address = network::Address::parse(text.substr(0, slash));
  const auto length = slash == std::string::npos
                          ? std::nullopt
                          : parse_number(text.substr(slash + 1), address ? address->size() * 8 : 0);
  if (address && length)
    refuse_network(
        "--subnet", text, "is an address, not a subnet",
        cat("the subnet is ", network::Subnet::of(*address, static_cast<unsigned>(*length)).str()));
  refuse_network("--subnet", text, "not a subnet", "such as 10.1.0.0/24 or fd00:1::/64");
}

void add_subnet(network::NetworkOptions& options, const std::string& text) {
  const network::Subnet subnet = subnet_flag(text);
  auto& place = subnet.is_v6() ? options.subnet6 : options.subnet;
  if (place)
    refuse_network("--subnet", text, cat("the network already has the subnet ", place->str()),
                   "a network has one IPv4 and one IPv6 subnet");
  place = subnet;
  if (subnet.is_v6()) options.ipv6 = true;
}

void add_gateway(network::NetworkOptions& options, const std::string& text) {
  const auto address = network::Address::parse(text);
  if (!address) refuse_network("--gateway", text, "not an IP address", "such as 10.1.0.1");
  auto& place = address->is_v6() ? options.gateway6 : options.gateway;
  const auto& subnet = address->is_v6() ? options.subnet6 : options.subnet;
  if (place) refuse_network("--gateway", text, cat("the gateway is already ", place.str()), "");
  if (!subnet) refuse_network("--gateway", text, "is in no --subnet", "give its --subnet, too");
  if (!subnet->contains(*address) || *address == subnet->base)
    refuse_network("--gateway", text, cat("is not a host address of ", subnet->str()),
                   cat("such as ", subnet->first().str()));
  place = *address;
}

struct NetworkCreateFlags {
  std::string driver = "bridge", ip_range, ipam_driver = "default", scope = "local";
  std::vector<std::string> subnets, gateways, labels, driver_options, ipam_options, aux_addresses;
  bool attachable = false;
  network::NetworkOptions options;

  explicit NetworkCreateFlags(Flags& flags) {
    flags.value("-d,--driver DRIVER", driver, "network driver: bridge");
    flags.values("--subnet SUBNET", subnets,
                 "IPv4 or IPv6 subnet, such as 10.1.0.0/24; one of each");
    flags.values("--gateway ADDRESS", gateways,
                 "gateway address in the subnet (default the first)");
    flags.flag("--ipv6", options.ipv6, "also assign IPv6 addresses");
    flags.flag("--internal", options.internal, "no outbound access (NAT) and no published ports");
    flags.values("--label KEY=VALUE", labels, "set a label");
    flags.values("-o,--opt OPTION", driver_options,
                 "refused: bridge networks take no driver options");
    flags.value("--ip-range SUBNET", ip_range, "refused: addresses come from the whole subnet");
    flags.values("--aux-address ADDRESS", aux_addresses,
                 "refused: addresses come from the whole subnet");
    flags.value("--ipam-driver DRIVER", ipam_driver, "address management driver: default");
    flags.values("--ipam-opt OPTION", ipam_options, "refused: the default driver takes no options");
    flags.flag("--attachable", attachable,
               "accepted for compatibility: all networks are attachable");
    flags.value("--scope SCOPE", scope, "network scope: local");
    flags.argument("NETWORK", options.name, true);
  }

  void refuse_foreign() const {
    if (driver != "bridge")
      refuse_network("--driver", driver, "unknown driver",
                     "use bridge; --network host and none need no network");
    if (scope != "local") refuse_network("--scope", scope, "unknown scope", "local");
    if (ipam_driver != "default")
      refuse_network("--ipam-driver", ipam_driver, "unknown driver", "default");
    const std::pair<const char*, std::string> refused[] = {
        {"--opt", driver_options.empty() ? "" : driver_options.front()},
        {"--ipam-opt", ipam_options.empty() ? "" : ipam_options.front()},
        {"--ip-range", ip_range},
        {"--aux-address", aux_addresses.empty() ? "" : aux_addresses.front()}};
    for (const auto& [flag, text] : refused)
      if (!text.empty())
        refuse_network(flag, text, "not supported",
                       "a network has --subnet, --gateway, --internal and --ipv6");
  }

  network::NetworkOptions parsed() {
    refuse_foreign();
    for (const std::string& text : subnets) add_subnet(options, text);
    for (const std::string& text : gateways) add_gateway(options, text);
    for (const std::string& text : labels) add_label(options.labels, text);
    return options;
  }
};

}  // namespace

int network_create(const Session& session, const Args& args) {
  Flags flags("network create [flags] NETWORK",
              "Creates a network in which containers reach each other by name.");
  NetworkCreateFlags wanted(flags);
  flags.only("--ipv4", "true", "every network has IPv4 addresses", "omit it");
  flags.only("--ingress", "false", "for Swarm only", "omit it");
  flags.only("--config-only", "false", "networks have no templates", "give the options themselves");
  flags.only("--config-from NETWORK", "", "networks have no templates",
             "give the options themselves");
  if (!flags.parse(args)) return 0;
  put(network::NetworkStore(session.paths).create(wanted.parsed()).id + "\n");
  return 0;
}

int network_rm(const Session& session, const Args& args) {
  Flags flags("network rm [flags] NETWORK...", "Removes networks that no running container uses.");
  bool force = false;
  std::vector<std::string> names;
  flags.flag("-f,--force", force, "ignore missing networks");
  flags.arguments("NETWORK", names, true);
  if (!flags.parse(args)) return 0;
  const engine::ContainerStore store(session.paths);
  return for_each_name(names, [&](const std::string& name) -> std::string {
    try {
      engine::remove_network(store, name);
    } catch (const Error& error) {
      if (force && error.kind() == ErrorKind::not_found) return "";
      throw;
    }
    return name;
  });
}

int network_connect(const Session& session, const Args& args) {
  Flags flags("network connect [flags] NETWORK CONTAINER",
              "Connects a container to a network, immediately if it is running.");
  std::string network, container;
  NetworkTexts texts;
  flags.value("--ip ADDRESS", texts.address, "IPv4 address in the network");
  flags.value("--ip6 ADDRESS", texts.address6, "IPv6 address in the network");
  flags.values("--alias NAME", texts.aliases, "additional name in the network");
  flags.value("--mac-address ADDRESS", texts.mac, "MAC address in the network");
  flags.only("--driver-opt OPTION", "", "networks have no options for one container", "omit it");
  flags.only("--gw-priority NUMBER", "0", "the first network of a container has the default route",
             "connect them in the order that you need");
  flags.only("--link CONTAINER", "", "containers of a network find each other by name", "omit it");
  flags.only("--link-local-ip ADDRESS", "", "link-local addresses are the kernel's choice",
             "use --ip or --ip6");
  flags.argument("NETWORK", network, true);
  flags.argument("CONTAINER", container, true);
  if (!flags.parse(args)) return 0;
  if (is_network_word(network))
    throw Error(
        cat("network ", printable(network), ": not a network that a container can be connected to"),
        "use it with `mini run --network`", ErrorKind::usage);
  engine::connect_network(engine::ContainerStore(session.paths), network, container,
                          network_request(network, texts));
  return 0;
}

int network_disconnect(const Session& session, const Args& args) {
  Flags flags("network disconnect [flags] NETWORK CONTAINER",
              "Disconnects a container from a network.");
  std::string network, container;
  bool force = false;
  flags.flag("-f,--force", force, "accepted for compatibility: changes nothing");
  flags.argument("NETWORK", network, true);
  flags.argument("CONTAINER", container, true);
  if (!flags.parse(args)) return 0;
  engine::disconnect_network(engine::ContainerStore(session.paths), network, container);
  return 0;
}

int network_explain(const Session& session, const Args& args) {
  Flags flags("network explain CONTAINER",
              "Shows a container's addresses, routes, names, ports and firewall rules.");
  std::string container;
  flags.argument("CONTAINER", container, true);
  if (!flags.parse(args)) return 0;
  put(engine::explain_network(engine::ContainerStore(session.paths), container));
  return 0;
}

}  // namespace mini::cmd
