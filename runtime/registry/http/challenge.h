// WWW-Authenticate (RFC 9110, 11.6.1; RFC 6750; distribution specification, "token"): the schemes
// that a server offers, with their parameters. Several fields are one list (RFC 9110, 5.3). Hostile
// input: bounded; what is malformed is left out up to the next comma. Pure.
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

// The strongest one that mini can answer: Bearer that names its token server, else Basic (only when
// there is a password). Null: none.
const Challenge* best_challenge(const std::vector<Challenge>& challenges, bool has_password);

}  // namespace mini::registry
