// Networks as a user sees them: what `mini network` does, joined with the containers that are in
// them. Errors: not_found, conflict, usage, each with its cure; then nothing has changed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "runtime/engine/record/engine.h"
#include "runtime/network/bridge/network_store.h"

namespace mini::engine {

// Made when it does not exist yet.
network::Network default_network(const ContainerStore& store);
// With the default network, which is made when it does not exist yet; by name.
std::vector<network::Network> list_networks(const ContainerStore& store);
// Docker's fields; Containers: those that run. `host` and `none` are told, too.
nlohmann::ordered_json inspect_network(const ContainerStore& store, const std::string& name);
// Refused while a container that runs is in it, and for bridge, host and none.
void remove_network(const ContainerStore& store, const std::string& name);
// An address that the user chose has to lie in a range that the user chose. Pure.
void check_addresses(const network::Network& network, const NetworkRequest& request);
// Networks that no container names, stopped ones included; `without_containers`: ids of those that
// do not count.
std::vector<network::Network> unused_networks(const ContainerStore& store,
                                              const std::set<std::string>& without_containers = {});
// The interface and rules of a default network that no running container is in.
void remove_idle_interfaces(const ContainerStore& store);

// A running container gets another interface (or loses it) at once; one that is stopped, at its
// next start. Refused for containers with --network host, none or container:….
void connect_network(const ContainerStore& store, const std::string& network,
                     const std::string& container, const NetworkRequest& request);
void disconnect_network(const ContainerStore& store, const std::string& network,
                        const std::string& container);

// One line a fact: interfaces, addresses, routes, name servers and names, published ports with the
// rules that carry them, from where the container can be reached, and what on this host stands
// in the way (a firewall that drops what is forwarded, forwarding switched off).
std::string explain_network(const ContainerStore& store, const std::string& container);

}  // namespace mini::engine
