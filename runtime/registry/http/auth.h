// How mini authenticates to one registry: not at all, a name and password (Basic), or a token that
// a token server gave (distribution specification, "token"; OAuth2 for identity tokens). The
// password goes to the registry itself and to its token server only: a token server elsewhere must
// be at the same host, in the registry's own domain, be Docker Hub's, or be named in the settings;
// never over plain HTTP when the registry speaks TLS. Safe to use from several threads.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "runtime/registry/http/challenge.h"
#include "runtime/registry/http/credentials.h"
#include "runtime/registry/http/settings.h"
#include "runtime/registry/http/transport.h"

namespace mini::registry {

// Whether the password of the registry at `registry` may go to the token server at `realm`.
bool may_have_password(const Url& registry, const Url& realm,
                       const std::vector<std::string>& allowed);

class Authority {
 public:
  // Asks somebody for something small: the status and the body.
  using Ask = std::function<std::pair<int, std::string>(const Request&)>;

  Authority(const Endpoint& endpoint, Credential credential, Ask ask);

  // The Authorization header's value for `scope` ("repository:library/x:pull"); empty: none yet.
  std::string header(const std::string& scope);
  bool has_password() const { return !credential_.empty(); }
  // What a 401 asks for. False: there is nothing (more) to answer. `used` is what was sent.
  // Throws Error when the password may not go where the registry wants it.
  bool answer(const Url& registry, const ResponseHead& head, const std::string& scope,
              const std::string& used);

 private:
  std::string fetch_token(const Url& registry, const Challenge& challenge,
                          const std::string& scope);
  Request token_request(const Url& realm, const Challenge& challenge, const std::string& scope,
                        bool with_password, std::string& form) const;
  std::string basic() const;

  const std::string name_;
  const std::vector<std::string> realms_;
  const Credential credential_;
  const Ask ask_;
  std::mutex mutex_;
  bool use_basic_ = false;
  std::map<std::string, std::string> tokens_;  // by scope
};

}  // namespace mini::registry
