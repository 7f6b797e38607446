#include "runtime/engine/sandbox/networks.h"

#include <algorithm>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/engine/sandbox/inspect_network.h"

namespace mini::engine {
namespace {

// "host", "none", or an id of theirs; a name of the store goes before a prefix.
std::string word_of(const std::string& name) {
  constexpr size_t kShortest = 4;  // fewer digits say too little to mean a word
  for (const char* word : {"host", "none"})
    if (name == word || (name.size() >= kShortest && word_id(word).starts_with(name))) return word;
  return "";
}

bool is_in(const Record& record, const std::string& network) {
  const auto& all = record.state.endpoints;
  return std::any_of(all.begin(), all.end(),
                     [&](const Endpoint& endpoint) { return endpoint.network == network; });
}

void check_address(const network::Network& network, const char* flag, const std::string& text,
                   const std::optional<network::Subnet>& subnet) {
  if (text.empty()) return;
  const std::string asked = cat(flag, " ", quoted(text), ": ");
  if (network.is_default())
    throw Error(cat(asked, "the default network has no fixed subnet"),
                "create one with a subnet: `mini network create --subnet 10.1.0.0/24 NAME`",
                ErrorKind::usage);
  const auto address = network::Address::parse(text);
  if (address && subnet && subnet->contains(*address)) return;
  throw Error(cat(asked, "network ", network.name,
                  subnet ? cat(" has the subnet ", subnet->str()) : " has no such addresses"),
              subnet ? "choose an address in that subnet"
                     : "create a network with --ipv6, or omit the address",
              ErrorKind::usage);
}

[[noreturn]] void refuse_predefined(const std::string& name) {
  throw Error(cat("network ", name, ": predefined, cannot be removed"),
              "`mini network prune` removes unused networks", ErrorKind::conflict);
}

}  // namespace

network::Network default_network(const ContainerStore& store) {
  const network::NetworkStore networks(store.paths());
  const FileLock lock = networks.lock();
  return networks.ensure_default();
}

std::vector<network::Network> list_networks(const ContainerStore& store) {
  default_network(store);
  return network::NetworkStore(store.paths()).list();
}

nlohmann::ordered_json inspect_network(const ContainerStore& store, const std::string& name) {
  const network::NetworkStore networks(store.paths());
  if (name == network::kDefaultNetwork) default_network(store);
  const bool is_word = is_network_word(name);
  const auto found = is_word ? std::nullopt : networks.find_if_exists(name);
  if (found) return network_description(*found, store.list(Scope::live));
  const std::string word = word_of(name);
  if (word.empty()) return network_description(networks.find(name), {});  // says what is wrong
  return word_description(word, store.list(Scope::live));
}

void remove_network(const ContainerStore& store, const std::string& name) {
  if (name == network::kDefaultNetwork) refuse_predefined(name);
  const network::NetworkStore networks(store.paths());
  const auto found = is_network_word(name) ? std::nullopt : networks.find_if_exists(name);
  if (!found && !word_of(name).empty()) refuse_predefined(word_of(name));
  const network::Network network = found ? *found : networks.find(name);
  if (network.is_default()) refuse_predefined(network.name);
  std::vector<std::string> users;
  for (const Record& record : store.list(Scope::live))
    if (is_live(record) && is_in(record, network.name)) users.push_back(record.name);
  if (!users.empty()) {
    std::sort(users.begin(), users.end());
    throw Error(cat("network ", quoted(network.name), ": in use by ", join(users, ", ")),
                cat("stop the container first: `mini stop ", users[0],
                    "`, or disconnect it: `mini "
                    "network disconnect ",
                    network.name, " ", users[0], "`"),
                ErrorKind::conflict);
  }
  networks.remove(network.name);
}

void check_addresses(const network::Network& network, const NetworkRequest& request) {
  check_address(network, "--ip", request.address, network.subnet);
  check_address(network, "--ip6", request.address6, network.subnet6);
}

std::vector<network::Network> unused_networks(const ContainerStore& store,
                                              const std::set<std::string>& without_containers) {
  std::set<std::string> used;
  for (const Record& record : store.snapshot()) {
    if (without_containers.contains(record.id)) continue;
    for (const NetworkRequest& request : record.host.networks) used.insert(request.name);
    for (const Endpoint& endpoint : record.state.endpoints) used.insert(endpoint.network);
  }
  std::vector<network::Network> out = network::NetworkStore(store.paths()).list();
  std::erase_if(out, [&](const network::Network& network) {
    return network.is_default() || used.contains(network.name);
  });
  return out;
}

}  // namespace mini::engine
