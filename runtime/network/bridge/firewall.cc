#include "runtime/network/bridge/firewall.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/network/link/nft.h"

namespace mini::network {
namespace {

constexpr const char* kVersion = "1";  // of the rules below

// --- what nft(8) calls the types, six bits each, for its listings ---
constexpr uint32_t kIpv4 = 7, kIpv6 = 8, kProtocol = 12, kService = 13, kInterface = 41;
constexpr uint32_t types(uint32_t a, uint32_t b) {
  return a << 6 | b;
}
constexpr uint32_t types(uint32_t a, uint32_t b, uint32_t c) {
  return a << 12 | b << 6 | c;
}

// --- values as they lie in registers ---
template <class Number>
std::string raw(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string raw(const Address& address) {
  return {reinterpret_cast<const char*>(address.bytes()), address.size()};
}
std::string word(std::string bytes) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}
std::string raw_port(uint16_t port) {
  return word(raw(htons(port)));
}
std::string raw_interface(const std::string& name) {
  std::string out = name;
  out.resize(IFNAMSIZ);
  return out;
}

struct Family {
  uint8_t number;
  uint32_t source, destination, size;  // of addresses in the header, in bytes
  const char* at;                      // the maps
  const char* any;
};
constexpr Family kFamilies[] = {{NFPROTO_IPV4, 12, 16, 4, "published_at", "published_any"},
                                {NFPROTO_IPV6, 8, 24, 16, "published_at6", "published_any6"}};
const Family& family_of(const Address& address) {
  return kFamilies[address.is_v6() ? 1 : 0];
}

// --- conditions ---
void is_family(NftRule& rule, uint8_t number) {
  rule.load_meta(NFT_META_NFPROTO);
  rule.equals(raw(number));
}

void comes_from_bridge(NftRule& rule) {
  rule.load_meta(NFT_META_IIFNAME);
  rule.in_set("bridges");
}

void address_in(NftRule& rule, uint32_t offset, const Subnet& subnet) {
  rule.load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, static_cast<uint32_t>(subnet.base.size()));
  const Address ones = subnet.is_v6() ? *Address::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
                                      : *Address::parse("255.255.255.255");
  rule.mask(raw(mask_of(ones, subnet.length)));
  rule.equals(raw(subnet.base));
}

void to_loopback(NftRule& rule) {
  is_family(rule, NFPROTO_IPV4);
  address_in(rule, kFamilies[0].destination, *Subnet::parse("127.0.0.0/8"));
}

void has_status(NftRule& rule, uint32_t key, uint32_t bits) {
  rule.load_ct(key);
  rule.mask(raw(bits));
  rule.differs(raw<uint32_t>(0));
}

void is_interface(NftRule& rule, uint32_t key, const std::string& name) {
  rule.load_meta(key);
  rule.equals(raw_interface(name));
}

// --- the parts of the table ---
void add_sets(NftBatch& batch, const std::vector<Network>& networks) {
  batch.add_set({"bridges", kInterface, IFNAMSIZ, 0, 0, true});
  batch.add_set({"internal", kInterface, IFNAMSIZ, 0, 0, true});
  batch.add_set(
      {kFamilies[0].at, types(kIpv4, kProtocol, kService), 12, types(kIpv4, kService), 8, false});
  batch.add_set(
      {kFamilies[0].any, types(kProtocol, kService), 8, types(kIpv4, kService), 8, false});
  batch.add_set(
      {kFamilies[1].at, types(kIpv6, kProtocol, kService), 24, types(kIpv6, kService), 20, false});
  batch.add_set(
      {kFamilies[1].any, types(kProtocol, kService), 8, types(kIpv6, kService), 20, false});
  std::vector<NftElement> bridges, internal;
  for (const Network& network : networks) {
    bridges.push_back({raw_interface(network.bridge), {}});
    if (network.internal) internal.push_back(bridges.back());
  }
  batch.add_elements("bridges", bridges);
  batch.add_elements("internal", internal);
}

void add_guard(NftBatch& batch) {
  constexpr int kRaw = -300;
  batch.add_base_chain("guard", "filter", NF_INET_PRE_ROUTING, kRaw);
  batch.add_rule("guard", [](NftRule& rule) {
    comes_from_bridge(rule);
    to_loopback(rule);
    rule.verdict(NF_DROP);
  });
}

// Register words: address, protocol and port from 0 on, the container's from 8 on.
void add_publish(NftBatch& batch) {
  constexpr unsigned kTarget = 8;
  batch.add_chain("publish");
  for (const Family& family : kFamilies) {
    const unsigned words = family.size / 4;
    batch.add_rule("publish", [&](NftRule& rule) {
      is_family(rule, family.number);
      rule.load_payload(NFT_PAYLOAD_NETWORK_HEADER, family.destination, family.size, 0);
      rule.load_meta(NFT_META_L4PROTO, words);
      rule.load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, words + 1);
      rule.map(family.at, 0, kTarget);
      rule.dnat(family.number, kTarget, kTarget + words);
    });
    batch.add_rule("publish", [&](NftRule& rule) {
      is_family(rule, family.number);
      rule.load_meta(NFT_META_L4PROTO, 0);
      rule.load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, 1);
      rule.map(family.any, 0, kTarget);
      rule.dnat(family.number, kTarget, kTarget + words);
    });
  }
}

void add_jump_to_publish(NftBatch& batch, const std::string& chain) {
  batch.add_rule(chain, [](NftRule& rule) {
    rule.load_destination_type();
    rule.equals(raw<uint32_t>(RTN_LOCAL));
    rule.verdict(NFT_JUMP, "publish");
  });
}

void add_destination_nat(NftBatch& batch) {
  constexpr int kDestinationNat = -100;
  batch.add_base_chain("prerouting", "nat", NF_INET_PRE_ROUTING, kDestinationNat);
  // What comes in from outside for 127.0.0.1 is forged; published there it would be let through
  // before the kernel could drop it.
  batch.add_rule("prerouting", [](NftRule& rule) {
    to_loopback(rule);
    rule.verdict(NFT_RETURN);
  });
  add_jump_to_publish(batch, "prerouting");
  batch.add_base_chain("output", "nat", NF_INET_LOCAL_OUT, kDestinationNat);
  // Linux cannot forward IPv6 loopback traffic.
  batch.add_rule("output", [](NftRule& rule) {
    is_family(rule, NFPROTO_IPV6);
    address_in(rule, kFamilies[1].destination, *Subnet::parse("::1/128"));
    rule.verdict(NFT_RETURN);
  });
  add_jump_to_publish(batch, "output");
}

void masquerade_subnet(NftBatch& batch, const Network& network, const Subnet& subnet) {
  const Family& family = family_of(subnet.base);
  batch.add_rule("postrouting", [&](NftRule& rule) {
    is_family(rule, family.number);
    address_in(rule, family.source, subnet);
    rule.load_meta(NFT_META_OIFNAME);
    rule.differs(raw_interface(network.bridge));
    rule.masquerade();
  });
  // A container that uses a published port of its own network: the answer must come back this way.
  batch.add_rule("postrouting", [&](NftRule& rule) {
    is_family(rule, family.number);
    is_interface(rule, NFT_META_OIFNAME, network.bridge);
    address_in(rule, family.source, subnet);
    has_status(rule, NFT_CT_STATUS, IPS_DST_NAT);
    rule.masquerade();
  });
}

void add_source_nat(NftBatch& batch, const std::vector<Network>& networks) {
  constexpr int kSourceNat = 100;
  batch.add_base_chain("postrouting", "nat", NF_INET_POST_ROUTING, kSourceNat);
  // Clients on this host that called 127.0.0.1.
  batch.add_rule("postrouting", [](NftRule& rule) {
    rule.load_meta(NFT_META_OIFNAME);
    rule.in_set("bridges");
    is_family(rule, NFPROTO_IPV4);
    address_in(rule, kFamilies[0].source, *Subnet::parse("127.0.0.0/8"));
    rule.masquerade();
  });
  for (const Network& network : networks) {
    if (network.internal) continue;
    masquerade_subnet(batch, network, network.subnet);
    if (network.subnet6) masquerade_subnet(batch, network, *network.subnet6);
  }
}

void add_forward(NftBatch& batch, const std::vector<Network>& networks) {
  batch.add_base_chain("forward", "filter", NF_INET_FORWARD, 0);
  const auto rule = [&](const std::function<void(NftRule&)>& fill) {
    batch.add_rule("forward", fill);
  };
  rule([](NftRule& r) {  // none of ours
    r.load_meta(NFT_META_IIFNAME);
    r.in_set("bridges", true);
    r.load_meta(NFT_META_OIFNAME);
    r.in_set("bridges", true);
    r.verdict(NF_ACCEPT);
  });
  for (const Network& network : networks) {
    rule([&](NftRule& r) {  // within one
      is_interface(r, NFT_META_IIFNAME, network.bridge);
      is_interface(r, NFT_META_OIFNAME, network.bridge);
      r.verdict(NF_ACCEPT);
    });
  }
  for (const uint32_t side : {NFT_META_IIFNAME, NFT_META_OIFNAME}) {
    rule([&](NftRule& r) {
      r.load_meta(side);
      r.in_set("internal");
      r.verdict(NF_DROP);
    });
  }
  rule([](NftRule& r) {  // answers
    has_status(r, NFT_CT_STATE,
               NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));
    r.verdict(NF_ACCEPT);
  });
  rule([](NftRule& r) {  // published
    has_status(r, NFT_CT_STATUS, IPS_DST_NAT);
    r.verdict(NF_ACCEPT);
  });
  rule([](NftRule& r) {
    r.load_meta(NFT_META_OIFNAME);
    r.in_set("bridges");
    r.verdict(NF_DROP);
  });
}

// --- elements ---
struct MapElement {
  const char* map;
  NftElement element;
};

MapElement element_of(const PortRule& port) {
  const Family& family = family_of(port.container);
  MapElement out{port.host.is_any() ? family.any : family.at, {}};
  if (!port.host.is_any()) out.element.key = raw(port.host);
  out.element.key += word(raw(port.protocol)) + raw_port(port.host_port);
  out.element.data = raw(port.container) + raw_port(port.container_port);
  return out;
}

template <class Use>
void by_map(const std::vector<PortRule>& ports, Use&& use) {
  std::map<std::string, std::vector<NftElement>> sorted;
  for (const PortRule& port : ports) {
    MapElement made = element_of(port);
    sorted[made.map].push_back(std::move(made.element));
  }
  for (const auto& [map, elements] : sorted) use(map, elements);
}

std::string mark_of(const std::vector<Network>& networks) {
  std::string text = kVersion;
  for (const Network& network : networks) {
    text += cat('\n', network.bridge, ' ', network.internal ? 1 : 0, ' ', network.subnet.str(), ' ',
                network.subnet6 ? network.subnet6->str() : "");
  }
  return Digest::of(text).hex();
}

}  // namespace

namespace {

NetlinkSocket netfilter_socket() {
  try {
    return NetlinkSocket(NETLINK_NETFILTER);
  } catch (const SysError& error) {
    if (error.code() != EPROTONOSUPPORT) throw;
    throw Error("network: this kernel has no nftables",
                "load the module nf_tables, or use --network none or --network host");
  }
}

}  // namespace

Firewall::Firewall(std::string table) : table_(std::move(table)), socket_(netfilter_socket()) {}

Firewall::~Firewall() {
  if (has_removed_) close_beside(socket_.release());
}

bool Firewall::stands(const std::vector<Network>& networks) {
  return nft_table_mark(socket_, table_) == mark_of(networks);
}

void Firewall::rebuild(const std::vector<Network>& networks, const std::vector<PortRule>& ports) {
  NftBatch batch(table_);
  // Made first, so that deleting it cannot fail: one batch replaces it, whether there is one or
  // not.
  batch.add_table({});
  batch.delete_table();
  batch.add_table(mark_of(networks));
  add_sets(batch, networks);
  add_guard(batch);
  add_publish(batch);
  add_destination_nat(batch);
  add_source_nat(batch, networks);
  add_forward(batch, networks);
  by_map(ports, [&](const auto& map, const auto& elements) { batch.add_elements(map, elements); });
  batch.commit(socket_);
}

void Firewall::add(const std::vector<PortRule>& ports) {
  NftBatch batch(table_);
  by_map(ports, [&](const auto& map, const auto& elements) { batch.add_elements(map, elements); });
  batch.commit(socket_);
}

void Firewall::remove(const std::vector<PortRule>& ports) {
  has_removed_ = true;
  // One by one: a missing element fails its batch.
  for (const PortRule& port : ports) {
    NftBatch batch(table_);
    by_map({port},
           [&](const auto& map, const auto& elements) { batch.delete_elements(map, elements); });
    try {
      batch.commit(socket_);
    } catch (const SysError& error) {
      if (error.code() != ENOENT) throw;
    }
  }
}

void Firewall::remove_table() {
  NftBatch batch(table_);
  batch.add_table({});
  batch.delete_table();
  batch.commit(socket_);
}

std::vector<std::string> Firewall::foreign_drops() {
  std::vector<std::string> out;
  for (const NftForeignChain& chain : nft_base_chains(socket_)) {
    if (chain.table != table_ && chain.hook == NF_INET_FORWARD && chain.drops)
      out.push_back(cat(chain.table, ' ', chain.chain));
  }
  return out;
}

}  // namespace mini::network
