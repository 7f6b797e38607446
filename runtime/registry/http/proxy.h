// Which proxy a request takes, from HTTP_PROXY, HTTPS_PROXY, NO_PROXY and their lower-case forms,
// as curl and Docker read them: NO_PROXY is a list of hosts, ".domain" and "domain" (with all below
// it), addresses, IPv4 networks ("10.0.0.0/8"), each with or without a port, or "*". What is on
// this machine never goes to a proxy. Pure.
#pragma once

#include <functional>
#include <string>

#include "runtime/registry/http/url.h"

namespace mini::registry {

using Environment = std::function<std::string(const char* name)>;  // empty when unset

// The proxy's URL, perhaps with a user and password, as curl takes it; empty: none.
std::string proxy_for(const Url& url, const Environment& environment);

Environment process_environment();

}  // namespace mini::registry
