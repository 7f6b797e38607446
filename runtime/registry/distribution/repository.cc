#include "runtime/registry/distribution/repository.h"

#include <algorithm>

#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr size_t kManifestLimit = 4 << 20;
constexpr int kIndexDepth = 3;
constexpr size_t kMostTags = 100'000;
constexpr size_t kPingLimit = 64 << 10;

}  // namespace

Repository::Repository(const image::Reference& reference, const Settings& settings,
                       const CredentialFile& credentials, bool writing)
    : reference_(reference),
      settings_(settings),
      scope_(cat("repository:", reference.repository, writing ? ":pull,push" : ":pull")),
      pool_(settings.timeout_ms) {
  if (settings_.offline)
    throw Error(cat("registry ", reference.registry, ": not contacted, mini is offline"),
                "\"offline\" is set in mini's config.json, see docs/registries.md");
  std::vector<Endpoint> endpoints = pull_endpoints(settings_, reference.registry);
  if (writing) endpoints.erase(endpoints.begin(), endpoints.end() - 1);
  for (const Endpoint& endpoint : endpoints) {
    clients_.push_back(std::make_unique<Client>(endpoint, settings_, pool_,
                                                credentials.find(endpoint.credentials)));
  }
}

Document Repository::manifest() {
  const Digest* digest = reference_.digest ? &*reference_.digest : nullptr;
  const std::string name = digest ? digest->str() : reference_.tag;
  // A mirror that fails, does not have it, or sends something else, is skipped.
  for (size_t i = 0; i + 1 < clients_.size(); ++i) {
    try {
      Document document = fetch(*clients_[i], name, digest, 0);
      std::rotate(clients_.begin(), clients_.begin() + static_cast<ptrdiff_t>(i),
                  clients_.begin() + static_cast<ptrdiff_t>(i) + 1);
      return document;
    } catch (const Error& error) {
      debug(error.what());
      if (!clients_[i]->endpoint().mirror) throw;
      warn_once(cat(clients_[i]->name(), ": skipped: ", error.what()));
    }
  }
  return fetch(*clients_.back(), name, digest, 0);
}

Document Repository::manifest(const Digest& digest, uint64_t size) {
  for (size_t i = 0; i + 1 < clients_.size(); ++i) {
    try {
      return fetch(*clients_[i], digest.str(), &digest, size);
    } catch (const Error& error) {
      debug(error.what());
    }
  }
  return fetch(*clients_.back(), digest.str(), &digest, size);
}

Document Repository::fetch(Client& client, const std::string& name, const Digest* digest,
                           uint64_t size) {
  Call call;
  call.path = cat(reference_.repository, "/manifests/", name);
  call.scope = scope_;
  call.headers.push_back(cat("Accept: ", image::kIndexType, ", ", image::kManifestType, ", ",
                             image::kDockerIndexType, ", ", image::kDockerManifestType));
  const std::string shown = cat("manifest of ", reference_.familiar());
  RetryPlan plan(settings_.attempts, settings_.retry_delay_ms);
  for (;;) {
    Response response = client.ask(call, {200}, shown);  // with its own attempts
    const std::string announced = response.head.header("docker-content-digest");
    const std::string type = response.head.header("content-type");
    std::string bytes;
    try {
      bytes = response.rest(kManifestLimit);
    } catch (const TransportError& error) {
      // The body broke off.
      if (!wait_to_retry(plan, error)) throw;
      continue;
    }
    if (digest && Digest::of(bytes) != *digest)
      throw Error(cat(client.name(), ": ", shown, ": does not have the digest ", digest->str()));
    if (!digest && Digest::is_valid(announced) && Digest::of(bytes).str() != announced)
      throw Error(cat(client.name(), ": ", shown, ": does not match its digest"));
    if (size != 0 && bytes.size() != size)
      throw Error(
          cat(client.name(), ": ", shown, ": has ", bytes.size(), " bytes instead of ", size));
    return Document::parse(std::move(bytes), type, cat(client.name(), ": ", shown));
  }
}

Document Repository::image_manifest(Document index, const Platform& platform) {
  const std::string name = cat("image ", reference_.familiar());
  for (int depth = 0; index.is_index(); ++depth) {
    if (depth == kIndexDepth)
      throw Error(cat(name, ": more than ", kIndexDepth, " nested indexes"));
    const std::vector<IndexItem> items = index.items(name);
    const IndexItem& item = choose(items, platform, name);
    index = manifest(item.manifest.digest, item.manifest.size);
  }
  return index;
}

std::vector<std::string> Repository::tags() {
  const std::string shown = cat("tags of ", reference_.familiar_name());
  Call call;
  call.path = cat(reference_.repository, "/tags/list");
  call.scope = scope_;
  std::vector<std::string> tags;
  while (true) {
    Response response = registry().ask(call, {200}, shown);
    const Json page = parse_json(response.rest(kManifestLimit), shown);
    for (std::string& tag : JsonView(page, shown).strings_or("tags"))
      tags.push_back(std::move(tag));
    // Link: </v2/x/tags/list?last=b&n=1000>; rel="next"
    const std::string link = response.head.header("link");
    const size_t begin = link.find('<'), end = link.find('>');
    if (begin == link.npos || end == link.npos) break;
    if (tags.size() > kMostTags) throw Error(cat(shown, ": more than ", kMostTags));
    const std::string next = link.substr(begin + 1, end - begin - 1);
    call.path.clear();
    call.url = response.from.resolve(next);
  }
  std::sort(tags.begin(), tags.end());
  return tags;
}

void check_password(const std::string& registry, const Settings& settings,
                    const Credential& credential) {
  TransportPool pool(settings.timeout_ms);
  Client client(registry_endpoint(settings, registry), settings, pool, credential);
  client.ask({}, {200}, "login").rest(kPingLimit);
}

}  // namespace mini::registry
