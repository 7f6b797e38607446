// What a container's resolv.conf says, and which servers its name server asks in turn, from the
// host's resolv.conf and what the user wished (resolv.conf(5)). Pure.
//
// The container asks 127.0.0.11 only. The host's servers on its loopback (systemd-resolved's
// 127.0.0.53, dnsmasq) are asked from the host's namespace, where they are; so are link-local ones,
// and IPv6 ones when the container has no IPv6. When the host names no server, nothing is asked:
// Docker would ask 8.8.8.8, but a host without name servers may well be one that must not talk to
// strangers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/network/names/dns_forward.h"

namespace mini::network {

struct ResolverWishes {
  std::vector<std::string> servers, search, options;  // each: in place of the host's when not empty
  bool ipv6 = false;                                  // the container reaches IPv6 addresses
};

struct ResolverPlan {
  std::vector<Upstream> upstreams;  // at most three, as resolv.conf(5) has it
  std::string file;                 // the container's resolv.conf
};

// Throws Error (usage) for a given server that is not an IP address; what is odd in the host's file
// is passed over.
ResolverPlan plan_resolver(std::string_view host_file, const ResolverWishes& wishes);

}  // namespace mini::network
