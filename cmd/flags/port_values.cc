#include "cmd/flags/port_values.h"

#include <algorithm>
#include <optional>

#include "cmd/flags/flag_values.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/network/link/address.h"

namespace mini::cmd {
namespace {

constexpr const char* kPublishForms = "[ADDRESS:][HOST]:CONTAINER[/udp], such as 8080:80";

struct Ends {
  uint16_t first, last;
  int count() const { return last - first; }
};

// Nothing if it is not a number; the caller checks for 0.
std::optional<Ends> parse_ends(const std::string& text) {
  const size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash), 65535);
  const auto last = dash == std::string::npos ? first : parse_number(text.substr(dash + 1), 65535);
  if (!first || !last) return {};
  return Ends{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

Ends checked_ends(const char* flag, const std::string& whole, const std::string& text,
                  ErrorKind kind = ErrorKind::bad_flag) {
  const auto ends = parse_ends(text);
  if (!ends || ends->first == 0 || ends->last == 0)
    refuse(flag, whole, cat(quoted(text), " is not a port"), "a number from 1 to 65535, or a range",
           kind);
  if (ends->first > ends->last)
    refuse(flag, whole, cat("the range ", quoted(text), " is reversed"),
           cat("write ", ends->last, "-", ends->first), kind);
  return *ends;
}

std::string checked_protocol(const char* flag, const std::string& whole, const std::string& text,
                             ErrorKind kind = ErrorKind::bad_flag) {
  const std::string protocol = lower(text);
  if (protocol == "sctp") refuse(flag, whole, "SCTP ports cannot be published", "tcp or udp", kind);
  if (protocol != "tcp" && protocol != "udp")
    refuse(flag, whole, cat(quoted(text), " is not a protocol"), "tcp or udp", kind);
  return protocol;
}

struct Spec {  // of one -p, its parts still as text
  std::string address, host, container, protocol = "tcp";
};

Spec split_short(const std::string& text) {
  Spec spec;
  const size_t slash = text.rfind('/');
  std::string rest = text.substr(0, slash);
  if (slash != std::string::npos) spec.protocol = text.substr(slash + 1);
  const size_t last = rest.rfind(':');
  if (last == std::string::npos) {
    spec.container = rest;
    return spec;
  }
  spec.container = rest.substr(last + 1);
  rest.resize(last);
  // What precedes the last two parts is an address, which may contain colons.
  const size_t before = rest.rfind(':');
  if (before == std::string::npos) {
    spec.host = rest;
    return spec;
  }
  spec.host = rest.substr(before + 1);
  spec.address = rest.substr(0, before);
  return spec;
}

Spec split_long(const std::string& text) {
  Spec spec;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "target" && !value.empty())
      spec.container = value;
    else if (key == "published" && !value.empty())
      spec.host = value;
    else if (key == "protocol" && !value.empty())
      spec.protocol = value;
    else if (key != "mode" || (value != "host" && value != "ingress"))
      refuse("--publish", text, cat("unknown option ", quoted(part)),
             "such as target=80,published=8080,protocol=tcp");
  }
  return spec;
}

std::string checked_address(const std::string& whole, const Spec& spec) {
  if (spec.address.empty()) return "";
  std::string text = spec.address;
  const bool brackets = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
  if (brackets) text = text.substr(1, text.size() - 2);
  const auto address = network::Address::parse(text);
  if (!address)
    refuse("--publish", whole, cat(quoted(spec.address), " is not an IP address"), kPublishForms);
  return address->str();
}

// Both want one certain port, on addresses that have it in common.
bool collide(const engine::PortRequest& a, const engine::PortRequest& b) {
  return a.host_port != 0 && a.host_port == b.host_port && a.host_port_last <= a.host_port &&
         b.host_port_last <= b.host_port && a.protocol == b.protocol &&
         (a.host_address.empty() || b.host_address.empty() || a.host_address == b.host_address);
}

}  // namespace

PortRange port_range(const char* flag, const std::string& text, ErrorKind kind) {
  const size_t slash = text.find('/');
  PortRange out;
  const Ends ends = checked_ends(flag, text, text.substr(0, slash), kind);
  if (slash != std::string::npos)
    out.protocol = checked_protocol(flag, text, text.substr(slash + 1), kind);
  out.first = ends.first;
  out.last = ends.last;
  return out;
}

std::vector<engine::PortRequest> publish_flag(const std::string& text) {
  const Spec spec = text.find('=') == std::string::npos ? split_short(text) : split_long(text);
  if (spec.container.empty())
    refuse("--publish", text, "the container's port is missing", kPublishForms);
  engine::PortRequest port;
  port.host_address = checked_address(text, spec);
  port.protocol = checked_protocol("--publish", text, spec.protocol);
  const Ends inside = checked_ends("--publish", text, spec.container);
  Ends outside{0, 0};
  const bool any = spec.host.empty() || spec.host == "0";
  if (!any) outside = checked_ends("--publish", text, spec.host);
  if (!any && inside.count() != 0 && inside.count() != outside.count())
    refuse("--publish", text,
           cat("the ranges differ in length: ", outside.count() + 1, " and ", inside.count() + 1,
               " ports"),
           "a host range for one container port uses the first free one");
  if (inside.count() == 0 && outside.count() != 0) port.host_port_last = outside.last;
  std::vector<engine::PortRequest> out;
  for (int i = 0; i <= inside.count(); ++i) {
    port.container_port = static_cast<uint16_t>(inside.first + i);
    port.host_port = static_cast<uint16_t>(any ? 0 : outside.first + i);
    out.push_back(port);
  }
  return out;
}

void add_ports(std::vector<engine::PortRequest>& ports,
               const std::vector<engine::PortRequest>& more) {
  for (const engine::PortRequest& port : more) {
    const auto other = std::find_if(ports.begin(), ports.end(),
                                    [&](const auto& have) { return collide(have, port); });
    if (other == ports.end()) {
      ports.push_back(port);
    } else if (other->host_address != port.host_address ||
               other->container_port != port.container_port) {
      refuse("--publish", cat(port.host_port, ":", exposed_port(port)),
             cat("port ", port.host_port, " of the host is given twice"),
             "give each container port its own host port");
    }
  }
}

std::vector<std::string> expose_flag(const std::string& text) {
  if (text.find(':') != std::string::npos)
    refuse("--expose", text, "takes only a container port", "use -p to publish it on the host");
  const PortRange range = port_range("--expose", text, ErrorKind::bad_flag);
  std::vector<std::string> out;
  for (unsigned port = range.first; port <= range.last; ++port)
    out.push_back(cat(port, "/", range.protocol));
  return out;
}

std::string exposed_port(const engine::PortRequest& port) {
  return cat(port.container_port, "/", port.protocol);
}

}  // namespace mini::cmd
