#include "runtime/registry/http/auth.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr size_t kLongestToken = 64 << 10;

// What comes from outside and goes into a header: one line of visible characters.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

// "registry.example.com" -> ".example.com", when what is left is more than a top-level domain.
std::string own_domain(const std::string& host) {
  const size_t dot = host.find('.');
  if (dot == std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos)
    return {};
  const std::string domain = host.substr(dot);
  return std::count(domain.begin(), domain.end(), '.') >= 2 ? domain : std::string();
}

}  // namespace

bool may_have_password(const Url& registry, const Url& realm,
                       const std::vector<std::string>& allowed) {
  if (realm.scheme != "https" && registry.scheme == "https") return false;
  if (std::find(allowed.begin(), allowed.end(), realm.origin()) != allowed.end()) return true;
  if (realm.host == registry.host) return realm.scheme == registry.scheme;
  if (realm.scheme != "https" || realm.port != 443) return false;
  if (registry.host == "registry-1.docker.io") return realm.host == "auth.docker.io";
  const std::string domain = own_domain(registry.host);
  return !domain.empty() && (realm.host.ends_with(domain) || realm.host == domain.substr(1));
}

Authority::Authority(const Endpoint& endpoint, Credential credential, Ask ask)
    : name_(endpoint.credentials),
      realms_(endpoint.realms),
      credential_(std::move(credential)),
      ask_(std::move(ask)) {}

std::string Authority::basic() const {
  return cat("Basic ", base64_encode(cat(credential_.user, ':', credential_.password)));
}

std::string Authority::header(const std::string& scope) {
  const std::lock_guard guard(mutex_);
  if (use_basic_) return basic();
  const auto token = tokens_.find(scope);
  return token == tokens_.end() ? std::string() : cat("Bearer ", token->second);
}

bool Authority::answer(const Url& registry, const ResponseHead& head, const std::string& scope,
                       const std::string& used) {
  const std::vector<Challenge> challenges = parse_challenges(head.list("www-authenticate"));
  const Challenge* best = best_challenge(challenges, !credential_.password.empty());
  const std::lock_guard guard(mutex_);
  if (best && best->scheme == "bearer") {
    const auto known = tokens_.find(scope);
    // Another thread may have got a fresh one meanwhile.
    if (known != tokens_.end() && used != cat("Bearer ", known->second)) return true;
    // A token that was refused is tried again only if it may have expired: once a request.
    tokens_[scope] = fetch_token(registry, *best, scope);
    return cat("Bearer ", tokens_[scope]) != used;
  }
  if (!best && std::ranges::count(challenges, "bearer", &Challenge::scheme) > 0)
    throw Error(cat("registry ", name_, ": requires a token, but names no token server"));
  if (!best || use_basic_) return use_basic_ && used.empty();
  use_basic_ = true;
  return true;
}

Request Authority::token_request(const Url& realm, const Challenge& challenge,
                                 const std::string& scope, bool with_password,
                                 std::string& form) const {
  const auto service = challenge.parameters.find("service");
  Request request;
  request.url = realm;
  if (with_password && !credential_.identity_token.empty()) {
    form = cat("grant_type=refresh_token&client_id=mini&refresh_token=",
               percent_encode(credential_.identity_token), "&scope=", percent_encode(scope));
    if (service != challenge.parameters.end())
      form += cat("&service=", percent_encode(service->second));
    request.method = "POST";
    request.headers.push_back("Content-Type: application/x-www-form-urlencoded");
    request.body_size = form.size();
    request.body = [&form, at = size_t{0}](char* to, size_t size) mutable {
      const size_t length = std::min(size, form.size() - at);
      memcpy(to, form.data() + at, length);
      at += length;
      return length;
    };
    return request;
  }
  if (service != challenge.parameters.end())
    request.url = request.url.with_query("service", service->second);
  for (const std::string& one : split(scope, ' ')) {
    if (!one.empty()) request.url = request.url.with_query("scope", one);
  }
  if (with_password) {
    request.url = request.url.with_query("account", credential_.user);
    request.headers.push_back(cat("Authorization: ", basic()));
  }
  return request;
}

std::string Authority::fetch_token(const Url& registry, const Challenge& challenge,
                                   const std::string& scope) {
  const Url realm = with_context(cat("registry ", name_, ": its token server"),
                                 [&] { return Url::parse(challenge.parameters.at("realm")); });
  const bool trusted = may_have_password(registry, realm, realms_);
  if (!trusted && !credential_.empty()) {
    throw Error(
        cat("registry ", name_, ": requests the password for ", realm.origin(), ": not sent"),
        "if that is its token server, name it under \"realms\" of the registry in mini's "
        "config.json, see docs/registries.md");
  }
  if (realm.scheme != "https" && !trusted)
    throw Error(cat("registry ", name_, ": requests a token from ", realm.origin(),
                    ", which is not encrypted"));
  std::string form;
  const auto [status, body] =
      ask_(token_request(realm, challenge, scope, !credential_.empty(), form));
  if (status == 401 || status == 403 || status == 400) {
    throw Error(cat("registry ", name_, ": its token server refused ",
                    credential_.empty() ? "anonymous access" : "the password"),
                cat("`mini login ", name_, "`"));
  }
  const std::string shown = cat("registry ", name_, ": reply of its token server");
  if (status != 200) throw Error(cat(shown, ": HTTP status ", status));
  const Json document = parse_json(body, shown);
  const JsonView view(document, shown);
  std::string token = view.string_or("token");
  if (token.empty()) token = view.string_or("access_token");
  if (!is_token(token)) throw Error(cat(shown, ": contains no token"));
  return token;
}

}  // namespace mini::registry
