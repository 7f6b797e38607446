// WWW-Authenticate (RFC 9110, 11.6.1; RFC 6750; distribution specification, "token"): the schemes
// that a server offers, with their parameters. Hostile input: bounded, strict, whatever it does not
// understand is left out. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mini::registry {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case
};

std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace mini::registry
