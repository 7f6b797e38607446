// nftables' wire format (linux/netfilter/nf_tables.h): tables, sets, chains, rules and elements as
// netlink messages, collected in a batch that the kernel takes whole or not at all. Written by
// hand: libnftnl depends on libmnl, of which Debian has no static archive. A rule is a list of
// expressions over registers of 4 bytes; `load…` fill them, comparisons end the rule when they
// fail, the rest acts.
#pragma once

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/network/link/netlink.h"

namespace mini::network {

// Registers, counted in words of 4 bytes.
constexpr uint32_t kRegister = NFT_REG32_00;
constexpr uint32_t register_at(unsigned word) {
  return kRegister + word;
}

class NftRule {
 public:
  NftRule(NetlinkMessage& message, std::string table)
      : message_(message), table_(std::move(table)) {}

  void load_meta(uint32_t key, unsigned word = 0);
  void load_payload(uint32_t base, uint32_t offset, uint32_t size, unsigned word = 0);
  void load_ct(uint32_t key, unsigned word = 0);
  void load_destination_type(unsigned word = 0);  // fib daddr type
  void mask(std::string_view bits, unsigned word = 0);
  void equals(std::string_view value, unsigned word = 0) { compare(NFT_CMP_EQ, value, word); }
  void differs(std::string_view value, unsigned word = 0) { compare(NFT_CMP_NEQ, value, word); }
  void in_set(const std::string& set, bool inverted = false, unsigned word = 0);
  void map(const std::string& map, unsigned from_word, unsigned to_word);
  // Destination address and port from registers.
  void dnat(uint32_t family, unsigned address_word, unsigned port_word);
  void masquerade();
  void verdict(int code, const std::string& chain = {});

 private:
  void compare(uint32_t op, std::string_view value, unsigned word);
  void expression(const char* name, const std::function<void()>& fill);

  NetlinkMessage& message_;
  std::string table_;
};

struct NftSet {
  std::string name;
  uint32_t key_type = 0, key_size = 0;    // type numbers as nft(8) has them, for its listings only
  uint32_t data_type = 0, data_size = 0;  // of a map; 0: a plain set
  bool host_order = false;                // of the key: interfaces' names
};

struct NftElement {
  std::string key, data;  // padded to words
};

class NftBatch {
 public:
  explicit NftBatch(std::string table) : table_(std::move(table)) { begin(); }

  void add_table(const std::string& mark);  // `mark`: kept with the table, for table_mark
  void delete_table();
  void add_set(const NftSet& set);
  // With a hook ("filter" or "nat", NF_INET_*, priority) a base chain, else one to jump to.
  void add_chain(const std::string& name);
  void add_base_chain(const std::string& name, const char* type, uint32_t hook, int priority);
  void add_rule(const std::string& chain, const std::function<void(NftRule&)>& fill);
  void add_elements(const std::string& set, const std::vector<NftElement>& elements);
  void delete_elements(const std::string& set, const std::vector<NftElement>& elements);

  // Throws SysError; then nothing has changed.
  void commit(NetlinkSocket& socket);

 private:
  void begin();
  NetlinkMessage& message(uint16_t type, uint16_t flags, const std::string& what);
  void elements(uint16_t type, uint16_t flags, const std::string& set,
                const std::vector<NftElement>& elements);

  std::string table_;
  std::vector<NetlinkMessage> messages_;
  uint32_t sets_ = 0;
};

// The mark of a table in the calling thread's namespace; nothing when there is no such table.
std::optional<std::string> nft_table_mark(NetlinkSocket& socket, const std::string& table);

struct NftForeignChain {
  std::string table, chain;
  uint32_t hook = 0;
  bool drops = false;  // by policy
};
// The base chains of all other tables.
std::vector<NftForeignChain> nft_base_chains(NetlinkSocket& socket);

}  // namespace mini::network
