#include "runtime/registry/http/url.h"

#include <algorithm>
#include <cctype>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr size_t kLongestUrl = 8192;
constexpr uint16_t kHttp = 80, kHttps = 443;

[[noreturn]] void refuse(std::string_view text, const char* why) {
  throw Error(cat("address ", quoted(text.substr(0, 200)), ": ", why));
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 2 && host.ends_with(']') &&
           host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1;
  }
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == host.npos;
}

uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? kHttps : kHttp;
}

void read_authority(Url& url, std::string_view authority, std::string_view text) {
  if (authority.find('@') != authority.npos) refuse(text, "contains a user name");
  url.port = default_port(url.scheme);
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
    const auto port = parse_number(authority.substr(colon + 1), 65535);
    if (!port || *port == 0) refuse(text, "the port is not a number from 1 to 65535");
    url.port = static_cast<uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  url.host = lower(authority);
  if (!is_host(url.host)) refuse(text, "the host is not a name or an address");
}

void read_path(Url& url, std::string_view rest) {
  rest = rest.substr(0, rest.find('#'));
  const size_t question = rest.find('?');
  url.path = rest.substr(0, question);
  if (url.path.empty()) url.path = "/";
  url.query = question == rest.npos ? "" : std::string(rest.substr(question + 1));
}

}  // namespace

Url Url::parse(std::string_view text) {
  if (text.size() > kLongestUrl) refuse(text, "is too long");
  const auto strange = [](unsigned char c) { return c <= ' ' || c >= 0x7F || c == '\\'; };
  if (std::any_of(text.begin(), text.end(), strange)) refuse(text, "contains invalid bytes");
  Url url;
  const size_t colon = text.find("://");
  url.scheme = colon == text.npos ? "" : lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") refuse(text, "is neither http nor https");
  const std::string_view rest = text.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  read_authority(url, rest.substr(0, end), text);
  read_path(url, rest.substr(end));
  if (!url.path.starts_with('/')) refuse(text, "the path does not begin with /");
  return url;
}

Url Url::resolve(std::string_view location) const {
  if (location.find("://") != location.npos &&
      location.find("://") < std::min(location.find_first_of("/?#"), location.size()))
    return parse(location);
  if (location.starts_with("//")) return parse(cat(scheme, ':', location));
  if (location.starts_with('/')) return parse(cat(origin(), location));
  if (location.starts_with('?')) return parse(cat(origin(), path, location));
  if (location.empty()) refuse(location, "is empty");
  return parse(cat(origin(), path.substr(0, path.rfind('/') + 1), location));
}

std::string Url::authority() const {
  return port == default_port(scheme) ? host : cat(host, ':', port);
}

std::string Url::origin() const {
  return cat(scheme, "://", authority());
}

std::string Url::str() const {
  return cat(origin(), path, query.empty() ? "" : "?", query);
}

Url Url::with_query(std::string_view name, std::string_view value) const {
  Url url = *this;
  url.query += cat(query.empty() ? "" : "&", percent_encode(name), '=', percent_encode(value));
  return url;
}

Url Url::with_path(std::string new_path) const {
  Url url = *this;
  url.path = std::move(new_path);
  url.query.clear();
  return url;
}

bool Url::is_loopback() const {
  if (host == "localhost" || host == "[::1]") return true;
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::all_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return parse_number(part, 255).has_value(); });
}

std::string percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~')) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace mini::registry
