#include "runtime/network/bridge/free_subnet.h"

#include <sys/random.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/network/link/links.h"

namespace mini::network {
namespace {

bool is_free(const Subnet& candidate, const std::vector<Subnet>& used) {
  return std::none_of(used.begin(), used.end(),
                      [&](const Subnet& other) { return candidate.overlaps(other); });
}

Subnet v4(unsigned a, unsigned b, unsigned c, unsigned length) {
  return {Address::v4(a << 24 | b << 16 | c << 8), length};
}

}  // namespace

std::vector<Subnet> used_subnets(const std::string& except) {
  Links links;
  const auto own = except.empty() ? std::nullopt : links.find(except);
  std::vector<Subnet> used;
  for (const Route& route : links.routes()) {
    // A default route that is cut in two halves, as VPNs do it, still is one.
    if (route.to.length <= 1 || (own && route.interface == own->index)) continue;
    used.push_back(route.to);
  }
  for (const auto& [interface, address] : links.addresses()) {
    if (own && interface == own->index) continue;
    used.push_back(Subnet::of(address.address, address.length));
  }
  return used;
}

Subnet choose_subnet(const std::vector<Subnet>& used) {
  for (unsigned second = 88; second < 128; ++second) {
    if (const Subnet candidate = v4(10, second, 0, 16); is_free(candidate, used)) return candidate;
  }
  for (unsigned second = 20; second < 32; ++second) {
    if (const Subnet candidate = v4(172, second, 0, 16); is_free(candidate, used)) return candidate;
  }
  for (unsigned third = 0; third < 256; third += 16) {
    if (const Subnet candidate = v4(192, 168, third, 20); is_free(candidate, used))
      return candidate;
  }
  throw Error("network: no free private subnet on this host",
              "remove unused networks (`mini network prune`), or choose one with --subnet",
              ErrorKind::conflict);
}

Subnet choose_subnet6(const std::vector<Subnet>& used) {
  for (;;) {
    uint8_t bytes[16] = {0xfd};
    if (getrandom(bytes + 1, 5, 0) != 5) throw SysError("random address range");
    const Subnet candidate{Address::from_bytes(bytes, true), 64};
    if (is_free(candidate, used)) return candidate;
  }
}

}  // namespace mini::network
