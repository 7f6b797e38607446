#include "cmd/flags/network_values.h"

#include <algorithm>

#include "cmd/flags/flag_values.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/network/bridge/network_store.h"
#include "runtime/network/link/address.h"

namespace mini::cmd {
namespace {

using network::kDefaultNetwork;
constexpr std::string_view kContainer = "container:";

std::string checked_address(const char* flag, const std::string& text, bool v6) {
  const auto address = network::Address::parse(text);
  if (!address || address->is_v6() != v6)
    refuse(flag, text, cat("not an IPv", v6 ? 6 : 4, " address"),
           v6 ? "such as fd00::10" : "such as 10.1.0.10", ErrorKind::usage);
  return address->str();
}

std::string checked_mac(const char* flag, const std::string& text) {
  const auto mac = network::parse_mac(text);
  if (!mac) refuse(flag, text, "not a unicast MAC address", "such as 02:42:ac:11:00:02");
  return network::to_string(*mac);
}

std::string checked_alias(const char* flag, const std::string& text) {
  constexpr size_t kLongest = 253;  // of a name in DNS
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (text.empty() || text.size() > kLongest || text[0] == '.' || text[0] == '-' ||
      !std::all_of(text.begin(), text.end(), allowed))
    refuse(flag, text, "not a valid host name", "letters, digits, \"_\", \".\" and \"-\"");
  return text;
}

void set_once(std::string& place, const char* flag, std::string value) {
  if (!place.empty())
    refuse(flag, value, cat("conflicts with ", quoted(place), " in --network"), "give it once");
  place = std::move(value);
}

// name=NAME,alias=A,ip=…,ip6=…,mac-address=…
engine::NetworkRequest parse_long(const std::string& text) {
  engine::NetworkRequest out;
  for (const std::string& field : split(text, ',')) {
    const size_t equals = field.find('=');
    const std::string key = lower(trim(field.substr(0, equals)));
    const std::string value(equals == std::string::npos ? "" : trim(field.substr(equals + 1)));
    if (value.empty())
      refuse("--network", text, cat(quoted(field), " is not KEY=VALUE"),
             "such as name=NET,ip=10.1.0.10");
    if (key == "name") {
      out.name = value;
    } else if (key == "alias") {
      out.aliases.push_back(checked_alias("--network", value));
    } else if (key == "ip") {
      out.address = checked_address("--network", value, false);
    } else if (key == "ip6") {
      out.address6 = checked_address("--network", value, true);
    } else if (key == "mac-address") {
      out.mac = checked_mac("--network", value);
    } else if (key == "gw-priority") {
      refuse("--network", text, "gw-priority is not supported",
             "the network given first has the default route");
    } else {
      constexpr std::string_view known[] = {"name", "alias", "ip", "ip6", "mac-address"};
      const auto near = did_you_mean(key, known);
      refuse("--network", text, cat("unknown option ", quoted(key)),
             near ? cat("did you mean ", *near, "?") : "name, alias, ip, ip6, mac-address");
    }
  }
  if (out.name.empty())
    refuse("--network", text, "the network name is missing", "such as name=NAME,ip=10.1.0.10");
  return out;
}

engine::NetworkRequest parse_network(const std::string& text) {
  engine::NetworkRequest out;
  out.name = text;
  if (text.find('=') != std::string::npos) out = parse_long(text);
  if (out.name.empty()) refuse("--network", text, "the name is missing", "see `mini network ls`");
  if (out.name == "default") out.name = kDefaultNetwork;
  if (out.name == kContainer)
    refuse("--network", text, "the container name is missing", "container:NAME");
  return out;
}

void add_flags(engine::NetworkRequest& network, const NetworkTexts& texts) {
  if (!network.aliases.empty() && !texts.aliases.empty())
    refuse("--network-alias", texts.aliases.front(), "conflicts with alias= in --network",
           "give all aliases in one place");
  for (const std::string& alias : texts.aliases)
    network.aliases.push_back(checked_alias("--network-alias", alias));
  if (!texts.address.empty())
    set_once(network.address, "--ip", checked_address("--ip", texts.address, false));
  if (!texts.address6.empty())
    set_once(network.address6, "--ip6", checked_address("--ip6", texts.address6, true));
  if (!texts.mac.empty())
    set_once(network.mac, "--mac-address", checked_mac("--mac-address", texts.mac));
}

// host, none and container: have no interface of their own.
void refuse_wishes(const engine::NetworkRequest& word) {
  const std::pair<const char*, std::string> wishes[] = {
      {"--network-alias", word.aliases.empty() ? "" : word.aliases.front()},
      {"--ip", word.address},
      {"--ip6", word.address6},
      {"--mac-address", word.mac}};
  for (const auto& [flag, text] : wishes)
    if (!text.empty())
      refuse(flag, text, cat("cannot be combined with --network ", printable(word.name)),
             "it needs a network that gives the container its own interface");
}

}  // namespace

bool is_network_word(const std::string& name) {
  return name == "host" || name == "none" || name.starts_with(kContainer);
}

engine::NetworkRequest network_request(const std::string& name, const NetworkTexts& texts) {
  engine::NetworkRequest out;
  out.name = name == "default" ? kDefaultNetwork : name;
  add_flags(out, texts);
  return out;
}

void apply_network_flags(engine::HostConfig& host, const NetworkTexts& texts) {
  if (!texts.links.empty())
    refuse("--link", texts.links.front(),
           "not supported: containers of one network find each other by name",
           "give both the same --network; --network-alias is another name for one of them");
  std::vector<engine::NetworkRequest> networks;
  for (const std::string& text : texts.networks) {
    engine::NetworkRequest network = parse_network(text);
    if (std::any_of(networks.begin(), networks.end(),
                    [&](const auto& other) { return other.name == network.name; }))
      refuse("--network", text, "given twice", "name each network once");
    networks.push_back(std::move(network));
  }
  if (networks.empty()) networks.push_back(parse_network(kDefaultNetwork));
  add_flags(networks.front(), texts);
  for (const engine::NetworkRequest& network : networks) {
    if (!is_network_word(network.name)) continue;
    if (networks.size() > 1)
      refuse("--network", network.name, "cannot be combined with other networks",
             "remove one of them");
    refuse_wishes(network);
  }
  host.network_mode = networks.front().name;
  if (is_network_word(host.network_mode)) networks.clear();
  host.networks = std::move(networks);
}

}  // namespace mini::cmd
