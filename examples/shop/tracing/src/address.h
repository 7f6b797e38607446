// Reads the text of an IP address into an endpoint. IPv6 is written in its short form; an IPv4 address inside IPv6
// (::ffff:1.2.3.4, ::1.2.3.4) becomes IPv4. What is no address leaves the endpoint as it is: reporters put host names
// there, and Zipkin drops them too.
#pragma once

#include <string>

#include "src/span.h"

namespace tracing {

void read_address(const std::string& text, Endpoint& endpoint);

}  // namespace tracing
