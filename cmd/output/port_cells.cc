#include "cmd/output/port_cells.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "runtime/base/text.h"
#include "runtime/engine/record/container_store.h"

namespace mini::cmd {
namespace {

using engine::PublishedPort;

bool is_before(const PublishedPort& a, const PublishedPort& b) {
  return std::tie(a.container_port, a.host_address, a.host_port, a.protocol) <
         std::tie(b.container_port, b.host_address, b.host_port, b.protocol);
}

struct Group {  // ports that have the same number inside and outside, or are exposed only
  std::string address, protocol;
  uint16_t first, last;

  std::string str() const {
    const std::string range = first == last ? std::to_string(first) : cat(first, "-", last);
    if (address.empty()) return cat(range, "/", protocol);
    return cat(address_and_port(address, range), "->", range, "/", protocol);
  }
};

}  // namespace

std::string address_and_port(const std::string& address, const std::string& port) {
  return address.find(':') == std::string::npos ? cat(address, ":", port)
                                                : cat("[", address, "]:", port);
}

std::vector<PublishedPort> shown_ports(const engine::Record& record) {
  std::vector<PublishedPort> out;
  if (!is_live(record) || record.state.endpoints.empty()) return out;
  out = record.state.ports;
  std::set<std::string> published;
  for (const PublishedPort& port : out)
    published.insert(cat(port.container_port, "/", port.protocol));
  for (const std::string& exposed : record.config.exposed_ports) {
    if (published.contains(exposed)) continue;
    const size_t slash = exposed.find('/');
    const auto number = parse_number(exposed.substr(0, slash), 65535);
    if (!number) continue;  // an image may say anything
    const std::string protocol = slash == std::string::npos ? "tcp" : exposed.substr(slash + 1);
    out.push_back({"", 0, static_cast<uint16_t>(*number), protocol});
  }
  std::sort(out.begin(), out.end(), is_before);
  return out;
}

// In Docker's order: ranges that are complete, then the last of each group, then the ports that
// have another number outside.
std::string ports_cell(const engine::Record& record) {
  std::vector<Group> groups;
  std::vector<std::string> texts, moved;
  for (const PublishedPort& port : shown_ports(record)) {
    if (!port.host_address.empty() && port.host_port != port.container_port) {
      moved.push_back(cat(address_and_port(port.host_address, std::to_string(port.host_port)), "->",
                          port.container_port, "/", port.protocol));
      continue;
    }
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) {
      return known.address == port.host_address && known.protocol == port.protocol;
    });
    const uint16_t number = port.container_port;
    if (group == groups.end()) {
      groups.push_back({port.host_address, port.protocol, number, number});
    } else if (number == group->last + 1) {
      group->last = number;
    } else {
      texts.push_back(group->str());
      group->first = group->last = number;
    }
  }
  for (const Group& group : groups) texts.push_back(group.str());
  texts.insert(texts.end(), moved.begin(), moved.end());
  return join(texts, ", ");
}

std::string networks_cell(const engine::Record& record) {
  if (record.host.networks.empty())
    return record.host.network_mode.starts_with("container:") ? "" : record.host.network_mode;
  std::vector<std::string> names;
  for (const engine::NetworkRequest& network : record.host.networks) names.push_back(network.name);
  return join(names, ",");
}

}  // namespace mini::cmd
