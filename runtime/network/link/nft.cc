#include "runtime/network/link/nft.h"

#include <linux/netfilter/nfnetlink.h>

#include <cstring>

#include "runtime/base/text.h"

namespace mini::network {
namespace {

nfgenmsg family_header(uint8_t family, uint16_t resource = 0) {
  nfgenmsg header = {};
  header.nfgen_family = family;
  header.version = NFNETLINK_V0;
  header.res_id = htons(resource);
  return header;
}

constexpr uint16_t nft_type(uint16_t type) {
  return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
}

}  // namespace

// --- expressions ---

void NftRule::expression(const char* name, const std::function<void()>& fill) {
  message_.nest(NFTA_LIST_ELEM, [&] {
    message_.put_text(NFTA_EXPR_NAME, name);
    message_.nest(NFTA_EXPR_DATA, fill);
  });
}

void NftRule::load_meta(uint32_t key, unsigned word) {
  expression("meta", [&] {
    message_.put_be32(NFTA_META_KEY, key);
    message_.put_be32(NFTA_META_DREG, register_at(word));
  });
}

void NftRule::load_payload(uint32_t base, uint32_t offset, uint32_t size, unsigned word) {
  expression("payload", [&] {
    message_.put_be32(NFTA_PAYLOAD_DREG, register_at(word));
    message_.put_be32(NFTA_PAYLOAD_BASE, base);
    message_.put_be32(NFTA_PAYLOAD_OFFSET, offset);
    message_.put_be32(NFTA_PAYLOAD_LEN, size);
  });
}

void NftRule::load_ct(uint32_t key, unsigned word) {
  expression("ct", [&] {
    message_.put_be32(NFTA_CT_KEY, key);
    message_.put_be32(NFTA_CT_DREG, register_at(word));
  });
}

void NftRule::load_destination_type(unsigned word) {
  expression("fib", [&] {
    message_.put_be32(NFTA_FIB_DREG, register_at(word));
    message_.put_be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    message_.put_be32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
  });
}

void NftRule::mask(std::string_view bits, unsigned word) {
  const std::string none(bits.size(), '\0');
  expression("bitwise", [&] {
    message_.put_be32(NFTA_BITWISE_SREG, register_at(word));
    message_.put_be32(NFTA_BITWISE_DREG, register_at(word));
    message_.put_be32(NFTA_BITWISE_LEN, static_cast<uint32_t>(bits.size()));
    message_.nest(NFTA_BITWISE_MASK,
                  [&] { message_.put(NFTA_DATA_VALUE, bits.data(), bits.size()); });
    message_.nest(NFTA_BITWISE_XOR,
                  [&] { message_.put(NFTA_DATA_VALUE, none.data(), none.size()); });
  });
}

void NftRule::compare(uint32_t op, std::string_view value, unsigned word) {
  expression("cmp", [&] {
    message_.put_be32(NFTA_CMP_SREG, register_at(word));
    message_.put_be32(NFTA_CMP_OP, op);
    message_.nest(NFTA_CMP_DATA,
                  [&] { message_.put(NFTA_DATA_VALUE, value.data(), value.size()); });
  });
}

void NftRule::in_set(const std::string& set, bool inverted, unsigned word) {
  expression("lookup", [&] {
    message_.put_text(NFTA_LOOKUP_SET, set);
    message_.put_be32(NFTA_LOOKUP_SREG, register_at(word));
    if (inverted) message_.put_be32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
  });
}

void NftRule::map(const std::string& map, unsigned from_word, unsigned to_word) {
  expression("lookup", [&] {
    message_.put_text(NFTA_LOOKUP_SET, map);
    message_.put_be32(NFTA_LOOKUP_SREG, register_at(from_word));
    message_.put_be32(NFTA_LOOKUP_DREG, register_at(to_word));
  });
}

void NftRule::dnat(uint32_t family, unsigned address_word, unsigned port_word) {
  expression("nat", [&] {
    message_.put_be32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
    message_.put_be32(NFTA_NAT_FAMILY, family);
    message_.put_be32(NFTA_NAT_REG_ADDR_MIN, register_at(address_word));
    message_.put_be32(NFTA_NAT_REG_PROTO_MIN, register_at(port_word));
  });
}

void NftRule::masquerade() {
  expression("masq", [] {});
}

void NftRule::verdict(int code, const std::string& chain) {
  expression("immediate", [&] {
    message_.put_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    message_.nest(NFTA_IMMEDIATE_DATA, [&] {
      message_.nest(NFTA_DATA_VERDICT, [&] {
        message_.put_be32(NFTA_VERDICT_CODE, static_cast<uint32_t>(code));
        if (!chain.empty()) message_.put_text(NFTA_VERDICT_CHAIN, chain);
      });
    });
  });
}

// --- the batch ---

void NftBatch::begin() {
  messages_.emplace_back(NFNL_MSG_BATCH_BEGIN, 0, family_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES),
                         cat("nftables table ", table_));
}

NetlinkMessage& NftBatch::message(uint16_t type, uint16_t flags, const std::string& what) {
  return messages_.emplace_back(nft_type(type), flags, family_header(NFPROTO_INET),
                                cat("nftables table ", table_, ": ", what));
}

void NftBatch::add_table(const std::string& mark) {
  NetlinkMessage& out = message(NFT_MSG_NEWTABLE, NLM_F_CREATE, "table");
  out.put_text(NFTA_TABLE_NAME, table_);
  if (!mark.empty()) out.put(NFTA_TABLE_USERDATA, mark.data(), mark.size());
}

void NftBatch::delete_table() {
  message(NFT_MSG_DELTABLE, 0, "table").put_text(NFTA_TABLE_NAME, table_);
}

void NftBatch::add_set(const NftSet& set) {
  NetlinkMessage& out = message(NFT_MSG_NEWSET, NLM_F_CREATE, set.name);
  out.put_text(NFTA_SET_TABLE, table_);
  out.put_text(NFTA_SET_NAME, set.name);
  out.put_be32(NFTA_SET_FLAGS, set.data_size ? NFT_SET_MAP : 0);
  out.put_be32(NFTA_SET_KEY_TYPE, set.key_type);
  out.put_be32(NFTA_SET_KEY_LEN, set.key_size);
  if (set.data_size) {
    out.put_be32(NFTA_SET_DATA_TYPE, set.data_type);
    out.put_be32(NFTA_SET_DATA_LEN, set.data_size);
  }
  out.put_be32(NFTA_SET_ID, ++sets_);
  if (set.host_order) {
    // libnftnl's private note, without which nft(8) lists such keys the wrong way round: type 0,
    // 4 bytes, 1 = the host's byte order.
    const uint8_t note[] = {0, 4, 1, 0, 0, 0};
    out.put(NFTA_SET_USERDATA, note, sizeof note);
  }
}

void NftBatch::add_chain(const std::string& name) {
  NetlinkMessage& out = message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, name);
  out.put_text(NFTA_CHAIN_TABLE, table_);
  out.put_text(NFTA_CHAIN_NAME, name);
}

void NftBatch::add_base_chain(const std::string& name, const char* type, uint32_t hook,
                              int priority) {
  NetlinkMessage& out = message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, name);
  out.put_text(NFTA_CHAIN_TABLE, table_);
  out.put_text(NFTA_CHAIN_NAME, name);
  out.nest(NFTA_CHAIN_HOOK, [&] {
    out.put_be32(NFTA_HOOK_HOOKNUM, hook);
    out.put_be32(NFTA_HOOK_PRIORITY, static_cast<uint32_t>(priority));
  });
  out.put_be32(NFTA_CHAIN_POLICY, NF_ACCEPT);
  out.put_text(NFTA_CHAIN_TYPE, type);
}

void NftBatch::add_rule(const std::string& chain, const std::function<void(NftRule&)>& fill) {
  NetlinkMessage& out = message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, chain);
  out.put_text(NFTA_RULE_TABLE, table_);
  out.put_text(NFTA_RULE_CHAIN, chain);
  NftRule rule(out, table_);
  out.nest(NFTA_RULE_EXPRESSIONS, [&] { fill(rule); });
}

void NftBatch::elements(uint16_t type, uint16_t flags, const std::string& set,
                        const std::vector<NftElement>& all) {
  // One message holds less than 64 KiB.
  constexpr size_t kAtOnce = 256;
  for (size_t start = 0; start < all.size(); start += kAtOnce) {
    NetlinkMessage& out = message(type, flags, set);
    out.put_text(NFTA_SET_ELEM_LIST_TABLE, table_);
    out.put_text(NFTA_SET_ELEM_LIST_SET, set);
    out.nest(NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
      for (size_t i = start; i < std::min(all.size(), start + kAtOnce); ++i) {
        const NftElement& element = all[i];
        out.nest(NFTA_LIST_ELEM, [&] {
          out.nest(NFTA_SET_ELEM_KEY,
                   [&] { out.put(NFTA_DATA_VALUE, element.key.data(), element.key.size()); });
          if (element.data.empty()) return;
          out.nest(NFTA_SET_ELEM_DATA,
                   [&] { out.put(NFTA_DATA_VALUE, element.data.data(), element.data.size()); });
        });
      }
    });
  }
}

void NftBatch::add_elements(const std::string& set, const std::vector<NftElement>& all) {
  elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, set, all);
}

void NftBatch::delete_elements(const std::string& set, const std::vector<NftElement>& all) {
  elements(NFT_MSG_DELSETELEM, 0, set, all);
}

void NftBatch::commit(NetlinkSocket& socket) {
  if (messages_.size() == 1) return;
  // The last one asks for an answer: by then the whole batch was taken or refused.
  messages_.back().ask_for_answer();
  NetlinkMessage end(NFNL_MSG_BATCH_END, 0, family_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES),
                     cat("nftables table ", table_));
  messages_.push_back(std::move(end));
  socket.request(messages_, messages_.size() - 2);
}

// --- looking ---

std::optional<std::string> nft_table_mark(NetlinkSocket& socket, const std::string& table) {
  NetlinkMessage message(nft_type(NFT_MSG_GETTABLE), 0, family_header(NFPROTO_INET),
                         cat("nftables table ", table));
  message.put_text(NFTA_TABLE_NAME, table);
  const auto data = socket.get(message);
  if (!data || data->size() < sizeof(nfgenmsg)) return {};
  const auto mark =
      find_attribute(std::string_view(*data).substr(sizeof(nfgenmsg)), NFTA_TABLE_USERDATA);
  return mark ? std::string(mark->data) : std::string();
}

std::vector<NftForeignChain> nft_base_chains(NetlinkSocket& socket) {
  NetlinkMessage message(nft_type(NFT_MSG_GETCHAIN), NLM_F_DUMP, family_header(NFPROTO_UNSPEC),
                         "nftables chains");
  std::vector<NftForeignChain> out;
  socket.dump(message, [&](std::string_view data) {
    if (data.size() < sizeof(nfgenmsg)) return;
    NftForeignChain chain;
    bool base = false;
    for (const NetlinkAttribute& part : attributes(data.substr(sizeof(nfgenmsg)))) {
      if (part.type == NFTA_CHAIN_TABLE) chain.table = part.text();
      if (part.type == NFTA_CHAIN_NAME) chain.chain = part.text();
      if (part.type == NFTA_CHAIN_POLICY)
        chain.drops = ntohl(part.number<uint32_t>().value_or(0)) == NF_DROP;
      if (part.type != NFTA_CHAIN_HOOK) continue;
      const auto hook = find_attribute(part.data, NFTA_HOOK_HOOKNUM);
      base = hook.has_value();
      if (hook) chain.hook = ntohl(hook->number<uint32_t>().value_or(0));
    }
    if (base) out.push_back(std::move(chain));
  });
  return out;
}

}  // namespace mini::network
