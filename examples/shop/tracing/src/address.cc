#include "src/address.h"

#include <arpa/inet.h>

namespace tracing {
namespace {

// ::ffff:a.b.c.d, or ::a.b.c.d other than ::1 and ::.
bool holds_ipv4(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return true;
  return IN6_IS_ADDR_V4COMPAT(&address);
}

}  // namespace

void read_address(const std::string& text, Endpoint& endpoint) {
  char buffer[INET6_ADDRSTRLEN];
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    endpoint.ipv4 = text;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    if (holds_ipv4(v6)) {
      endpoint.ipv4 = inet_ntop(AF_INET, &v6.s6_addr[12], buffer, sizeof buffer);
    } else {
      endpoint.ipv6 = inet_ntop(AF_INET6, &v6, buffer, sizeof buffer);
    }
  }
}

}  // namespace tracing
