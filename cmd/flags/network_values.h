// The texts of --network and of the flags that belong to it -> HostConfig::network_mode and
// ::networks. Docker's syntax; strict; pure. What depends on which networks exist is looked at when
// the container is made. Every Error (usage) names the flag, the text and what would be right.
#pragma once

#include <string>
#include <vector>

#include "runtime/engine/record/record.h"

namespace mini::cmd {

struct NetworkTexts {
  std::vector<std::string> networks{};       // --network
  std::vector<std::string> aliases{};        // --network-alias
  std::string address{}, address6{}, mac{};  // --ip, --ip6, --mac-address
  std::vector<std::string> links{};          // --link
};

// Without --network: the default one. Aliases and addresses given by flags of their own belong to
// the first network, which also has the default route.
void apply_network_flags(engine::HostConfig& host, const NetworkTexts& texts);

// One network by name with what `network connect` says of it.
engine::NetworkRequest network_request(const std::string& name, const NetworkTexts& texts);

// "host", "none" and "container:…" are not networks: they take no options.
bool is_network_word(const std::string& name);

}  // namespace mini::cmd
