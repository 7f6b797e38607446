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

network::Subnet subnet_flag(const std::string& text) {
  if (const auto subnet = network::Subnet::parse(text)) return *subnet;
  const size_t slash = text.find('/');
  const auto address = network::Address::parse(text.substr(0, slash));
  const auto length = slash == std::string::npos
                          ? std::nullopt
                          : parse_number(text.substr(slash + 1), address ? address->size() * 8 : 0);
  if (address && length)
    refuse(
        "--subnet", text, "is an address inside of a range",
        cat("the range is ", network::Subnet::of(*address, static_cast<unsigned>(*length)).str()));
  refuse("--subnet", text, "not a range of addresses", "such as 10.1.0.0/24 or fd00:1::/64");
}

void add_subnet(network::NetworkOptions& options, const std::string& text) {
  const network::Subnet subnet = subnet_flag(text);
  auto& place = subnet.is_v6() ? options.subnet6 : options.subnet;
  if (place)
    refuse("--subnet", text, cat("the network has the range ", place->str(), " already"),
           "one IPv4 and one IPv6 range");
  place = subnet;
  if (subnet.is_v6()) options.ipv6 = true;
}

void add_gateway(network::NetworkOptions& options, const std::string& text) {
  const auto address = network::Address::parse(text);
  if (!address) refuse("--gateway", text, "not an IP address", "such as 10.1.0.1");
  auto& place = address->is_v6() ? options.gateway6 : options.gateway;
  const auto& subnet = address->is_v6() ? options.subnet6 : options.subnet;
  if (place) refuse("--gateway", text, cat("the gateway is ", place.str(), " already"), "");
  if (!subnet) refuse("--gateway", text, "belongs to no --subnet", "give its range, too");
  if (!subnet->contains(*address) || *address == subnet->base)
    refuse("--gateway", text, cat("is no host's address in ", subnet->str()),
           cat("such as ", subnet->first().str()));
  place = *address;
}

struct NetworkCreateFlags {
  std::string driver = "bridge", ip_range, ipam_driver = "default", scope = "local";
  std::vector<std::string> subnets, gateways, labels, driver_options, ipam_options, aux_addresses;
  bool attachable = false;
  network::NetworkOptions options;

  explicit NetworkCreateFlags(Flags& flags) {
    flags.value("-d,--driver", driver, "bridge");
    flags.values("--subnet", subnets, "range of addresses: 10.1.0.0/24; also one of IPv6");
    flags.values("--gateway", gateways, "the host's address in it (the first)");
    flags.flag("--ipv6", options.ipv6, "IPv6, too");
    flags.flag("--internal", options.internal, "no way out of it, and none in");
    flags.values("--label", labels, "KEY=VALUE");
    flags.values("-o,--opt", driver_options, "refused: a bridge of mini's takes no options");
    flags.value("--ip-range", ip_range, "refused: addresses come from the whole --subnet");
    flags.values("--aux-address", aux_addresses, "refused, as --ip-range");
    flags.value("--ipam-driver", ipam_driver, "default");
    flags.values("--ipam-opt", ipam_options, "refused: mini has no such driver");
    flags.flag("--attachable", attachable, "every network of mini's can be joined");
    flags.value("--scope", scope, "local");
    flags.argument("NETWORK", options.name, true);
  }

  void refuse_foreign() const {
    if (driver != "bridge")
      refuse("--driver", driver, "mini has no such driver",
             "bridge; --network host and none need no network");
    if (scope != "local") refuse("--scope", scope, "mini knows one machine", "local");
    if (ipam_driver != "default")
      refuse("--ipam-driver", ipam_driver, "mini has no such driver", "default");
    const std::pair<const char*, std::string> refused[] = {
        {"--opt", driver_options.empty() ? "" : driver_options.front()},
        {"--ipam-opt", ipam_options.empty() ? "" : ipam_options.front()},
        {"--ip-range", ip_range},
        {"--aux-address", aux_addresses.empty() ? "" : aux_addresses.front()}};
    for (const auto& [flag, text] : refused)
      if (!text.empty())
        refuse(flag, text, "mini takes no such option",
               "--subnet, --gateway, --internal and --ipv6 say all there is to say");
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
              "Makes a network, on which containers find one another by name.");
  NetworkCreateFlags wanted(flags);
  if (!flags.parse(args)) return 0;
  put(network::NetworkStore(session.paths).create(wanted.parsed()).id + "\n");
  return 0;
}

int network_rm(const Session& session, const Args& args) {
  Flags flags("network rm [flags] NETWORK...", "Removes networks that no running container is in.");
  bool force = false;
  std::vector<std::string> names;
  flags.flag("-f,--force", force, "fine when it does not exist");
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
              "Puts a container into one more network, at once when it runs.");
  std::string network, container;
  NetworkTexts texts;
  flags.value("--ip", texts.address, "its IPv4 address there");
  flags.value("--ip6", texts.address6, "its IPv6 address there");
  flags.values("--alias", texts.aliases, "another name by which the network finds it");
  flags.value("--mac-address", texts.mac, "its hardware address there");
  flags.argument("NETWORK", network, true);
  flags.argument("CONTAINER", container, true);
  if (!flags.parse(args)) return 0;
  if (is_network_word(network))
    throw Error(cat("network ", printable(network), ": nothing can be added to it"),
                "`mini run --network` takes that word", ErrorKind::usage);
  engine::connect_network(engine::ContainerStore(session.paths), network, container,
                          network_request(network, texts));
  return 0;
}

int network_disconnect(const Session& session, const Args& args) {
  Flags flags("network disconnect [flags] NETWORK CONTAINER",
              "Takes a container out of a network.");
  std::string network, container;
  bool force = false;
  flags.flag("-f,--force", force, "as without it: nothing has to be forced here");
  flags.argument("NETWORK", network, true);
  flags.argument("CONTAINER", container, true);
  if (!flags.parse(args)) return 0;
  engine::disconnect_network(engine::ContainerStore(session.paths), network, container);
  return 0;
}

int network_explain(const Session& session, const Args& args) {
  Flags flags("network explain CONTAINER",
              "Shows its addresses, routes, names, ports and rules, and who can reach it.");
  std::string container;
  flags.argument("CONTAINER", container, true);
  if (!flags.parse(args)) return 0;
  put(engine::explain_network(engine::ContainerStore(session.paths), container));
  return 0;
}

}  // namespace mini::cmd
