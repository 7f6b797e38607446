#include "runtime/network/names/resolv.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/network/names/dns_server.h"

namespace mini::network {
namespace {

constexpr size_t kMostServers = 3;

struct HostFile {
  std::vector<std::string> servers, search, options;
};

std::vector<std::string> fields_of(std::string line) {
  std::replace(line.begin(), line.end(), '\t', ' ');
  std::vector<std::string> out;
  for (const std::string& field : split(trim(line), ' ')) {
    if (!field.empty()) out.push_back(field);
  }
  return out;
}

HostFile parse(std::string_view text) {
  HostFile out;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const auto fields = fields_of(line);
    if (fields.size() < 2) continue;
    const std::vector<std::string> values(fields.begin() + 1, fields.end());
    if (fields[0] == "nameserver") out.servers.push_back(values[0]);
    if (fields[0] == "search" || fields[0] == "domain") out.search = values;  // the last one counts
    if (fields[0] == "options") out.options.insert(out.options.end(), values.begin(), values.end());
  }
  return out;
}

std::optional<Upstream> parse_server(std::string_view text) {
  Upstream out;
  const size_t percent = text.find('%');
  const auto address = Address::parse(text.substr(0, percent));
  if (!address) return {};
  out.address = *address;
  if (percent != std::string_view::npos) out.zone = text.substr(percent + 1);
  return out;
}

bool is_link_local(const Address& address) {
  return Subnet::parse("fe80::/10")->contains(address);
}

std::vector<Upstream> upstreams_of(const HostFile& host, const ResolverWishes& wishes) {
  std::vector<Upstream> out;
  for (const std::string& text : wishes.servers) {
    const auto server = parse_server(text);
    if (!server || !server->zone.empty()) {
      throw Error(cat("name server ", quoted(text), ": not an IP address"), "", ErrorKind::usage);
    }
    out.push_back(*server);
  }
  for (const std::string& text : host.servers) {
    auto server = wishes.servers.empty() ? parse_server(text) : std::nullopt;
    if (!server) continue;
    const Address& address = server->address;
    server->from_host = address.is_loopback() || address.is_any() || is_link_local(address) ||
                        (address.is_v6() && !wishes.ipv6);
    out.push_back(*server);
  }
  if (out.size() > kMostServers) out.resize(kMostServers);
  return out;
}

std::string comment(const std::vector<Upstream>& upstreams) {
  if (upstreams.empty()) return "# Answers names of containers; forwards to no other server.\n";
  std::string out = "# Answers names of containers; forwards other names to";
  for (const Upstream& upstream : upstreams) {
    out += cat(" ", upstream.address.str(), upstream.from_host ? " (from the host)" : "");
  }
  return out + ".\n";
}

}  // namespace

ResolverPlan plan_resolver(std::string_view host_file, const ResolverWishes& wishes) {
  const HostFile host = parse(host_file);
  ResolverPlan plan;
  plan.upstreams = upstreams_of(host, wishes);
  const auto& search = wishes.search.empty() ? host.search : wishes.search;
  auto options = wishes.options.empty() ? host.options : wishes.options;
  // A container's name has no dot; it is tried as it is first, before the search domains, which
  // would be asked of servers outside.
  if (std::none_of(options.begin(), options.end(),
                   [](const std::string& option) { return option.starts_with("ndots:"); })) {
    options.emplace_back("ndots:0");
  }
  plan.file = cat(comment(plan.upstreams), "nameserver ", kDnsServerAddress, "\n");
  if (!search.empty() && search != std::vector<std::string>{"."})
    plan.file += cat("search ", join(search, " "), "\n");
  plan.file += cat("options ", join(options, " "), "\n");
  return plan;
}

}  // namespace mini::network
