// http and https URLs as far as registries use them (RFC 3986), parsed strictly: what curl and mini
// could read differently (user names, blanks, control bytes, backslashes) is refused. A fragment is
// dropped. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mini::registry {

struct Url {
  std::string scheme;  // "http", "https"
  std::string host;    // lower case; an IPv6 address in brackets
  uint16_t port = 0;
  std::string path;   // begins with "/"
  std::string query;  // without "?"

  static Url parse(std::string_view text);  // throws Error
  // What a Location header means, seen from here.
  Url resolve(std::string_view location) const;

  std::string str() const;
  std::string authority() const;  // "host:port", without the scheme's own port
  std::string origin() const;     // "https://host:port", as above: what credentials are bound to
  // The same with "name=value" (escaped) added to its query.
  Url with_query(std::string_view name, std::string_view value) const;
  Url with_path(std::string path) const;
  bool is_loopback() const;  // localhost, 127.0.0.0/8, [::1]
  bool operator==(const Url&) const = default;
};

std::string percent_encode(std::string_view text);  // all but A-Z a-z 0-9 - . _ ~

}  // namespace mini::registry
