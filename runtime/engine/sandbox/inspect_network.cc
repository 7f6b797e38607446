#include "runtime/engine/sandbox/inspect_network.h"

#include <algorithm>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/engine/record/container_store.h"

namespace mini::engine {
namespace {

OrderedJson list_or_null(const std::vector<std::string>& list) {
  return list.empty() ? OrderedJson(nullptr) : OrderedJson(list);
}

std::string endpoint_id(const std::string& network_id, const std::string& container_id) {
  return Digest::of(cat(network_id, container_id)).hex();
}

OrderedJson asked_addresses(const NetworkRequest& request) {
  if (request.address.empty() && request.address6.empty()) return nullptr;
  OrderedJson out;
  if (!request.address.empty()) out["IPv4Address"] = request.address;
  if (!request.address6.empty()) out["IPv6Address"] = request.address6;
  return out;
}

OrderedJson endpoint_json(const std::string& container_id, const NetworkRequest& request,
                          const Endpoint& endpoint) {
  const bool joined = !endpoint.network_id.empty();
  return {{"IPAMConfig", asked_addresses(request)},
          {"Links", nullptr},
          {"Aliases", list_or_null(request.aliases)},
          {"MacAddress", joined ? endpoint.mac : request.mac},
          {"DriverOpts", nullptr},
          {"NetworkID", endpoint.network_id},
          {"EndpointID", joined ? endpoint_id(endpoint.network_id, container_id) : ""},
          {"Gateway", endpoint.gateway},
          {"IPAddress", endpoint.address},
          {"IPPrefixLen", endpoint.prefix},
          {"IPv6Gateway", endpoint.gateway6},
          {"GlobalIPv6Address", endpoint.address6},
          {"GlobalIPv6PrefixLen", endpoint.prefix6},
          {"DNSNames", list_or_null(endpoint.names)}};
}

const Endpoint* endpoint_in(const Record& record, const std::string& network) {
  const auto& all = record.state.endpoints;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Endpoint& endpoint) {
    return endpoint.network == network;
  });
  return is_live(record) && found != all.end() ? &*found : nullptr;
}

OrderedJson networks_json(const Record& record) {
  OrderedJson out = OrderedJson::object();
  const std::string& mode = record.host.network_mode;
  if (is_network_word(mode)) {
    Endpoint endpoint;
    if (is_live(record)) endpoint.network_id = word_id(mode);
    out[mode] = endpoint_json(record.id, {}, endpoint);
    return out;
  }
  for (const NetworkRequest& request : record.host.networks) {
    const Endpoint* endpoint = endpoint_in(record, request.name);
    out[request.name] = endpoint_json(record.id, request, endpoint ? *endpoint : Endpoint{});
  }
  return out;
}

OrderedJson member_json(const Record& record, const Endpoint& endpoint) {
  const auto with_length = [](const std::string& address, unsigned length) {
    return address.empty() ? "" : cat(address, "/", length);
  };
  return {{"Name", record.name},
          {"EndpointID", endpoint_id(endpoint.network_id, record.id)},
          {"MacAddress", endpoint.mac},
          {"IPv4Address", with_length(endpoint.address, endpoint.prefix)},
          {"IPv6Address", with_length(endpoint.address6, endpoint.prefix6)}};
}

OrderedJson range_json(const network::Subnet& subnet, const network::Address& gateway) {
  return {{"Subnet", subnet.str()}, {"Gateway", gateway.str()}};
}

// Everything but what differs between a network of mini's and a word.
OrderedJson description(const std::string& id, const std::string& name, const char* driver,
                        const std::string& created) {
  return {{"Name", name},
          {"Id", id},
          {"Created", created},
          {"Scope", "local"},
          {"Driver", driver},
          {"EnableIPv4", true},
          {"EnableIPv6", false},
          {"IPAM", {{"Driver", "default"}, {"Options", nullptr}}},
          {"Internal", false},
          {"Attachable", false},
          {"Ingress", false},
          {"ConfigFrom", {{"Network", ""}}},
          {"ConfigOnly", false},
          {"Containers", OrderedJson::object()},
          {"Options", OrderedJson::object()},
          {"Labels", OrderedJson::object()}};
}

}  // namespace

OrderedJson port_bindings(const std::vector<PortRequest>& ports) {
  std::map<std::string, OrderedJson> sorted;
  for (const PortRequest& port : ports) {
    std::string host = port.host_port == 0 ? "" : std::to_string(port.host_port);
    if (port.host_port_last > port.host_port) host += cat("-", port.host_port_last);
    sorted[cat(port.container_port, "/", port.protocol)].push_back(
        {{"HostIp", port.host_address}, {"HostPort", host}});
  }
  OrderedJson out = OrderedJson::object();
  for (auto& [port, bindings] : sorted) out[port] = std::move(bindings);
  return out;
}

OrderedJson port_map(const Record& record) {
  OrderedJson out = OrderedJson::object();
  if (!is_live(record) || record.state.endpoints.empty()) return out;
  std::map<std::string, OrderedJson> sorted;
  for (const std::string& port : record.config.exposed_ports) sorted[port] = nullptr;
  for (const PublishedPort& port : record.state.ports)
    sorted[cat(port.container_port, "/", port.protocol)].push_back(
        {{"HostIp", port.host_address}, {"HostPort", std::to_string(port.host_port)}});
  for (auto& [port, bindings] : sorted) out[port] = std::move(bindings);
  return out;
}

OrderedJson network_settings(const Record& record) {
  const std::string& mode = record.host.network_mode;
  const bool own = is_live(record) && mode != "host" && !mode.starts_with("container:");
  const OrderedJson networks = networks_json(record);
  // Docker repeats the default network's addresses one level up; those of other networks it does
  // not.
  const OrderedJson none = endpoint_json(record.id, {}, {});
  const auto found = networks.find(network::kDefaultNetwork);
  const OrderedJson& main = found == networks.end() ? none : *found;
  OrderedJson out = {{"Bridge", ""},
                     {"SandboxID", own ? record.id : ""},
                     {"SandboxKey", own ? cat("/proc/", record.state.process.pid, "/ns/net") : ""},
                     {"Ports", port_map(record)},
                     {"HairpinMode", false},
                     {"LinkLocalIPv6Address", ""},
                     {"LinkLocalIPv6PrefixLen", 0},
                     {"SecondaryIPAddresses", nullptr},
                     {"SecondaryIPv6Addresses", nullptr}};
  for (const char* key : {"EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen",
                          "IPAddress", "IPPrefixLen", "IPv6Gateway", "MacAddress"})
    out[key] = main.at(key);
  out["Networks"] = networks;
  return out;
}

OrderedJson network_description(const network::Network& network,
                                const std::vector<Record>& records) {
  OrderedJson out =
      description(network.id, network.name, "bridge", rfc3339_nano(network.created_ns));
  OrderedJson ranges = OrderedJson::array();
  ranges.push_back(range_json(network.subnet, network.gateway));
  if (network.subnet6) ranges.push_back(range_json(*network.subnet6, network.gateway6));
  out["EnableIPv6"] = network.subnet6.has_value();
  if (!network.is_default()) out["IPAM"]["Options"] = OrderedJson::object();
  out["IPAM"]["Config"] = std::move(ranges);
  out["Internal"] = network.internal;
  for (const Record& record : records)
    if (const Endpoint* endpoint = endpoint_in(record, network.name))
      out["Containers"][record.id] = member_json(record, *endpoint);
  out["Options"] = {{"com.docker.network.bridge.name", network.bridge}};
  if (!network.labels.empty()) out["Labels"] = network.labels;
  return out;
}

bool is_network_word(const std::string& name) {
  return name == "host" || name == "none";
}

OrderedJson word_description(const std::string& word, const std::vector<Record>& records) {
  OrderedJson out = description(word_id(word), word, word == "host" ? "host" : "null", kZeroTime);
  out["IPAM"]["Config"] = OrderedJson::array();
  for (const Record& record : records) {
    if (!is_live(record) || record.host.network_mode != word) continue;
    Endpoint endpoint;
    endpoint.network_id = word_id(word);
    out["Containers"][record.id] = member_json(record, endpoint);
  }
  return out;
}

std::string word_id(const std::string& word) {
  return Digest::of("network " + word).hex();
}

}  // namespace mini::engine
