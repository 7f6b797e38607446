// The parts of `inspect` that are about networks: Docker's field names, in Docker's order. Pure:
// from the record alone. Of a container that does not run all addresses are "".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runtime/engine/record/record.h"
#include "runtime/network/bridge/network_store.h"

namespace mini::engine {

nlohmann::ordered_json network_settings(const Record& record);                // NetworkSettings
nlohmann::ordered_json port_bindings(const std::vector<PortRequest>& ports);  // HostConfig's
// NetworkSettings.Ports: {"80/tcp": [{HostIp, HostPort}]}, null for what is exposed only.
nlohmann::ordered_json port_map(const Record& record);

// A network with the containers that are in it; `records`: those that run.
nlohmann::ordered_json network_description(const network::Network& network,
                                           const std::vector<Record>& records);
// "host" and "none" are words to mini and networks to Docker.
bool is_network_word(const std::string& name);
nlohmann::ordered_json word_description(const std::string& word,
                                        const std::vector<Record>& records);
std::string word_id(const std::string& word);  // 64 hex, the same on every machine

}  // namespace mini::engine
