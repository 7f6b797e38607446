#include "runtime/network/names/host_names.h"

#include "runtime/base/digest.h"
#include "runtime/base/text.h"

namespace mini::network {
namespace {

std::string mark(const StatePaths& paths) {
  if (paths.run == "/run/mini") return {};
  return Digest::of(paths.run).hex().substr(0, 8);
}

}  // namespace

std::string default_bridge(const StatePaths& paths) {
  const std::string own = mark(paths);
  return own.empty() ? "mini0" : cat("mini0-", own);
}

// Five characters of the network's id follow, and an interface has 15.
std::string bridge_prefix(const StatePaths& paths) {
  const std::string own = mark(paths);
  return own.empty() ? "mini-" : cat("m-", own);
}

std::string firewall_table(const StatePaths& paths) {
  const std::string own = mark(paths);
  return own.empty() ? "mini" : cat("mini_", own);
}

}  // namespace mini::network
