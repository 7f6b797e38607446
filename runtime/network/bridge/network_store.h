// The networks that exist: one file each, <root>/networks/<name>.json, durable, put in place by
// rename. The default network "bridge" is made when it is first wanted; its range is chosen anew
// when its bridge is not up and the old range has come to overlap a route of the host (a VPN).
// "host" and "none" are words, not networks of this store.
//
// Whoever makes, removes or joins a network does so under `lock`, which is one for the whole store.
// Errors: not_found, conflict, usage, each naming the network and the cure; then nothing has
// changed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/lock.h"
#include "runtime/base/state_paths.h"
#include "runtime/network/link/address.h"

namespace mini::network {

constexpr const char* kDefaultNetwork = "bridge";

struct Network {
  std::string id;  // 64 hex
  std::string name;
  std::string bridge;  // the interface's name: "mini0", "mini-<10 hex of the id>"
  int64_t created_ns = 0;
  bool internal = false;  // no way out, no way in
  Subnet subnet;
  Address gateway;
  std::optional<Subnet> subnet6;
  Address gateway6;
  std::map<std::string, std::string> labels;

  bool is_default() const { return name == kDefaultNetwork; }
};

struct NetworkOptions {
  std::string name;
  std::optional<Subnet> subnet, subnet6;  // nothing: a free range is chosen
  Address gateway, gateway6;              // none: the subnet's first address
  bool ipv6 = false;
  bool internal = false;
  std::map<std::string, std::string> labels;
};

class NetworkStore {
 public:
  explicit NetworkStore(const StatePaths& paths) : paths_(paths) {}

  const StatePaths& paths() const { return paths_; }
  FileLock lock() const;

  // The caller holds no lock. Refuses a name that is taken, a range that overlaps another network
  // or a route of the host, a gateway outside of it, a range too small for two hosts.
  Network create(const NetworkOptions& options) const;
  // By name, id or unique prefix of an id.
  Network find(const std::string& name) const;
  std::optional<Network> find_if_exists(const std::string& name) const;
  std::vector<Network> list() const;  // by name; the default network only when it has been made
  // Removes the description, bridge and rules. Refused while containers are in it (their names are
  // told), and for the default network. Bridges that lost their description go with prune_idle.
  void remove(const std::string& name) const;

  // For who holds the lock: the default network, made or moved to another range as needed.
  Network ensure_default() const;

 private:
  std::string path_of(const std::string& name) const;
  std::optional<Network> read(const std::string& name) const;
  void write(const Network& network) const;

  StatePaths paths_;
};

// [a-zA-Z0-9][a-zA-Z0-9_.-]*, not host, none, default or container:…; throws Error (usage).
void check_network_name(const std::string& name);

}  // namespace mini::network
