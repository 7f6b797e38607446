#include "runtime/network/link/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/network/link/netlink.h"

namespace mini::network {
namespace {

constexpr uint16_t kType = NFNL_SUBSYS_CTNETLINK << 8;

struct Flow {
  uint8_t family = 0, protocol = 0;
  Address sent_to, answered_by;
  uint16_t port = 0;
  std::string tuple;  // the original direction's, as the kernel wrote it
};

Address address_in(std::string_view tuple, uint16_t v4, uint16_t v6) {
  const auto ip = find_attribute(tuple, CTA_TUPLE_IP);
  if (!ip) return {};
  if (const auto found = find_attribute(ip->data, v4); found && found->data.size() == 4)
    return Address::from_bytes(found->data.data(), false);
  if (const auto found = find_attribute(ip->data, v6); found && found->data.size() == 16)
    return Address::from_bytes(found->data.data(), true);
  return {};
}

Flow parse(std::string_view data) {
  Flow flow;
  if (data.size() < sizeof(nfgenmsg)) return flow;
  flow.family = static_cast<uint8_t>(data[0]);
  data.remove_prefix(sizeof(nfgenmsg));
  const auto original = find_attribute(data, CTA_TUPLE_ORIG);
  const auto reply = find_attribute(data, CTA_TUPLE_REPLY);
  if (!original || !reply) return flow;
  flow.tuple = original->data;
  flow.sent_to = address_in(original->data, CTA_IP_V4_DST, CTA_IP_V6_DST);
  flow.answered_by = address_in(reply->data, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  if (const auto protocol = find_attribute(original->data, CTA_TUPLE_PROTO)) {
    const auto number = find_attribute(protocol->data, CTA_PROTO_NUM);
    const auto port = find_attribute(protocol->data, CTA_PROTO_DST_PORT);
    flow.protocol = number ? number->number<uint8_t>().value_or(0) : 0;
    flow.port = ntohs(port ? port->number<uint16_t>().value_or(0) : 0);
  }
  return flow;
}

bool leads_to(const Flow& flow, const UdpPort& port) {
  return flow.port == port.port && flow.sent_to.is_v6() == port.host.is_v6() &&
         (port.host.is_any() || port.host == flow.sent_to);
}

nfgenmsg header(uint8_t family) {
  return {family, NFNETLINK_V0, 0};
}

}  // namespace

void forget_udp_flows(const std::vector<UdpPort>& ports,
                      const std::function<bool(const Address& by)>& answers) {
  if (ports.empty()) return;
  NetlinkSocket socket(NETLINK_NETFILTER);
  std::vector<Flow> gone;
  NetlinkMessage list(kType | IPCTNL_MSG_CT_GET, NLM_F_DUMP, header(AF_UNSPEC), "UDP flows");
  try {
    socket.dump(list, [&](std::string_view data) {
      Flow flow = parse(data);
      if (flow.protocol != IPPROTO_UDP || !answers(flow.answered_by)) return;
      if (std::any_of(ports.begin(), ports.end(),
                      [&](const UdpPort& port) { return leads_to(flow, port); }))
        gone.push_back(std::move(flow));
    });
  } catch (const SysError& error) {
    debug("UDP flows are not forgotten: ", error.what());
    return;
  }
  for (const Flow& flow : gone) {
    NetlinkMessage remove(kType | IPCTNL_MSG_CT_DELETE, 0, header(flow.family), "UDP flow");
    remove.put(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.tuple.data(), flow.tuple.size());
    remove.ask_for_answer();
    try {
      socket.request(remove);
    } catch (const SysError& error) {
      if (error.code() != ENOENT) throw;  // it ended by itself
    }
  }
}

}  // namespace mini::network
