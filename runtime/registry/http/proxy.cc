#include "runtime/registry/http/proxy.h"

#include <arpa/inet.h>

#include <cstdlib>
#include <optional>

#include "runtime/base/text.h"

namespace mini::registry {
namespace {

std::string either(const Environment& environment, const char* small, const char* large) {
  const std::string value = environment(small);
  return value.empty() ? environment(large) : value;
}

std::optional<uint32_t> ipv4(const std::string& text) {
  in_addr address;
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return {};
  return ntohl(address.s_addr);
}

bool in_network(const std::string& host, const std::string& network) {
  const size_t slash = network.find('/');
  if (slash == std::string::npos) return false;
  const auto address = ipv4(host), base = ipv4(network.substr(0, slash));
  const auto bits = parse_number(network.substr(slash + 1), 32);
  if (!address || !base || !bits) return false;
  return *bits == 0 || (*address ^ *base) >> (32 - *bits) == 0;
}

bool matches(const Url& url, std::string entry) {
  entry = lower(trim(entry));
  if (entry.empty()) return false;
  if (entry == "*") return true;
  const size_t colon = entry.rfind(':');
  const bool has_port = colon != std::string::npos && entry.find(']', colon) == std::string::npos &&
                        parse_number(std::string_view(entry).substr(colon + 1), 65535);
  if (has_port) {
    if (*parse_number(std::string_view(entry).substr(colon + 1)) != url.port) return false;
    entry.resize(colon);
  }
  if (in_network(url.host, entry) || url.host == entry) return true;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  return url.host.ends_with(entry.starts_with('.') ? entry : cat('.', entry));
}

}  // namespace

std::string proxy_for(const Url& url, const Environment& environment) {
  // The upper-case HTTP_PROXY is left alone by others because a CGI's caller can set it; mini is
  // none.
  const std::string proxy = url.scheme == "https"
                                ? either(environment, "https_proxy", "HTTPS_PROXY")
                                : either(environment, "http_proxy", "HTTP_PROXY");
  if (proxy.empty() || url.is_loopback()) return {};
  for (const std::string& entry : split(either(environment, "no_proxy", "NO_PROXY"), ',')) {
    if (matches(url, entry)) return {};
  }
  return proxy;
}

Environment process_environment() {
  return [](const char* name) -> std::string {
    const char* value = getenv(name);
    return value ? value : "";
  };
}

}  // namespace mini::registry
