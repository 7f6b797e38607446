// The stub resolver behind net.h's resolve(): one A query over UDP, asked again every 300 ms until the deadline. An answer counts only if its id and
// question are ours and it came from the server asked. No search domains, no TCP, no cache: the name server is on this machine.
#pragma once
#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>

#include "lib/net.h"

namespace shop {

std::optional<in_addr> lookup_hosts(const std::string& host, const char* file = "/etc/hosts");
in_addr lookup_dns(const std::string& host, Deadline deadline);

// The two halves, apart for tests. dns_answer: nullopt = not an answer to this query; an address of 0.0.0.0 = the name has none.
std::string dns_query(const std::string& host, uint16_t id);
std::optional<in_addr> dns_answer(std::string_view reply, const std::string& query);

}  // namespace shop
