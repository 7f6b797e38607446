// The kernel's memory of UDP flows (nf_conntrack, over ctnetlink). Address translation is decided
// by a flow's first packet, so what was sent to a published port before its container was there, or
// to one that is gone, would go on leading nowhere. Throws SysError; a kernel without ctnetlink has
// nothing to forget.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/network/link/address.h"

namespace mini::network {

struct UdpPort {
  Address host;  // 0.0.0.0 or ::, or the address that was sent to
  uint16_t port = 0;
};

// Forgets the flows that were sent to one of `ports` and are answered by an address of which
// `answers` is true, in the network namespace of the calling thread.
void forget_udp_flows(const std::vector<UdpPort>& ports,
                      const std::function<bool(const Address& by)>& answers);

}  // namespace mini::network
