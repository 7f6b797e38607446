#include "runtime/network/bridge/leases.h"

#include <algorithm>
#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

// A line: container interface address address6 mac names ports, "-" for none; names and ports are
// separated by commas. The first line holds the addresses that were given last.
constexpr const char* kNone = "-";

std::string text_of(const std::string& value) {
  return value.empty() ? kNone : value;
}

std::string text_of(const PortRule& port) {
  return cat(port.host.str(), '|', port.host_port, '|', port.container.str(), '|',
             port.container_port, '|', static_cast<int>(port.protocol));
}

std::optional<PortRule> parse_port(std::string_view text) {
  const std::vector<std::string> parts = split(text, '|');
  if (parts.size() != 5) return {};
  const auto host = Address::parse(parts[0]), container = Address::parse(parts[2]);
  const auto host_port = parse_number(parts[1], 65535), port = parse_number(parts[3], 65535);
  const auto protocol = parse_number(parts[4], 255);
  if (!host || !container || !host_port || !port || !protocol) return {};
  return PortRule{*host, static_cast<uint16_t>(*host_port), *container,
                  static_cast<uint16_t>(*port), static_cast<uint8_t>(*protocol)};
}

Address parse_address(const std::string& text) {
  return Address::parse(text).value_or(Address());
}

std::optional<Lease> parse_line(const std::string& line) {
  const std::vector<std::string> parts = split(line, ' ');
  if (parts.size() != 7) return {};
  Lease lease;
  lease.container = parts[0];
  lease.interface = parts[1];
  lease.address = parse_address(parts[2]);
  lease.address6 = parse_address(parts[3]);
  lease.mac = parse_mac(parts[4]).value_or(Mac{});
  if (parts[5] != kNone) lease.names = split(parts[5], ',');
  if (parts[6] == kNone) return lease;
  for (const std::string& port : split(parts[6], ',')) {
    if (const auto rule = parse_port(port)) lease.ports.push_back(*rule);
  }
  return lease;
}

std::string directory(const StatePaths& paths) {
  return paths.run + "/networks";
}

Address next_free(const Subnet& subnet, const Address& last, const Address& preferred,
                  const std::function<bool(const Address&)>& taken, const std::string& network) {
  if (preferred && subnet.contains(preferred) && !taken(preferred)) return preferred;
  // The last address of an IPv4 subnet is its broadcast.
  const Address end = subnet.last();
  Address candidate = last && subnet.contains(last) ? last : subnet.base;
  constexpr unsigned kMost = 1 << 20;
  const unsigned host_bits = static_cast<unsigned>(subnet.base.size() * 8) - subnet.length;
  const unsigned tries = host_bits < 20 ? 1U << host_bits : kMost;
  for (unsigned i = 0; i < tries; ++i) {
    candidate = candidate.plus(1);
    if (candidate == end || !subnet.contains(candidate)) candidate = subnet.first();
    if (!taken(candidate)) return candidate;
  }
  throw Error(cat("network ", network, ": all addresses of ", subnet.str(), " are in use"),
              "stop containers, or create a network with a larger --subnet", ErrorKind::conflict);
}

}  // namespace

Leases Leases::parse(std::string_view text) {
  Leases out;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("last ")) {
      const std::vector<std::string> parts = split(line, ' ');
      out.last_ = parse_address(parts[1]);
      if (parts.size() > 2) out.last6_ = parse_address(parts[2]);
    } else if (auto lease = parse_line(line)) {
      out.leases_.push_back(std::move(*lease));
    }
  }
  return out;
}

std::string Leases::text() const {
  std::string out = cat("last ", text_of(last_.str()), ' ', text_of(last6_.str()), '\n');
  for (const Lease& lease : leases_) {
    std::vector<std::string> ports;
    for (const PortRule& port : lease.ports) ports.push_back(text_of(port));
    out += cat(lease.container, ' ', text_of(lease.interface), ' ', text_of(lease.address.str()),
               ' ', text_of(lease.address6.str()), ' ', to_string(lease.mac), ' ',
               text_of(join(lease.names, ",")), ' ', text_of(join(ports, ",")), '\n');
  }
  return out;
}

Leases Leases::load(const StatePaths& paths, const std::string& network_id) {
  const std::string path = cat(directory(paths), '/', network_id);
  Leases out = parse(read_file_if_exists(path).value_or(""));
  out.path_ = path;
  return out;
}

void Leases::save() const {
  replace_file(path_, text(), false, 0600);
}

const Lease* Leases::of(const std::string& container) const {
  const auto found = std::find_if(leases_.begin(), leases_.end(),
                                  [&](const Lease& lease) { return lease.container == container; });
  return found == leases_.end() ? nullptr : &*found;
}

Lease* Leases::of(const std::string& container) {
  return const_cast<Lease*>(static_cast<const Leases*>(this)->of(container));
}

const Lease* Leases::holder(const Address& address) const {
  const auto found = std::find_if(leases_.begin(), leases_.end(), [&](const Lease& lease) {
    return address && (lease.address == address || lease.address6 == address);
  });
  return found == leases_.end() ? nullptr : &*found;
}

void Leases::add(Lease lease) {
  leases_.push_back(std::move(lease));
}

bool Leases::remove(const std::string& container) {
  return std::erase_if(leases_, [&](const Lease& lease) { return lease.container == container; });
}

Address Leases::next_address(const Network& network, const Address& preferred) {
  const auto taken = [&](const Address& address) {
    return address == network.gateway || address == network.subnet.base ||
           address == network.subnet.last() || holder(address);
  };
  const Address chosen = next_free(network.subnet, last_, preferred, taken, network.name);
  if (chosen != preferred) last_ = chosen;
  return chosen;
}

Address Leases::next_address6(const Network& network, const Address& preferred) {
  const auto taken = [&](const Address& address) {
    return address == network.gateway6 || address == network.subnet6->base || holder(address);
  };
  const Address chosen = next_free(*network.subnet6, last6_, preferred, taken, network.name);
  if (chosen != preferred) last6_ = chosen;
  return chosen;
}

std::vector<std::string> leased_networks(const StatePaths& paths) {
  std::vector<std::string> out;
  for (std::string& name : list_directory(directory(paths))) {
    if (name.size() == 64) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace mini::network
