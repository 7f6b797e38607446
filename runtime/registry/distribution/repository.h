// A repository as a caller sees it: its endpoints in the order in which they are asked (mirrors
// first, for reading), sharing transports. Fetches manifests, verified against the digest that was
// asked for or announced. Also the test of a password. Holds no image and writes nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/image/document/reference.h"
#include "runtime/registry/distribution/document.h"
#include "runtime/registry/http/client.h"

namespace mini::registry {

class Repository {
 public:
  // With `writing`, the registry itself only, and the scope for pushing.
  Repository(const image::Reference& reference, const Settings& settings,
             const CredentialFile& credentials, bool writing = false);

  const image::Reference& reference() const { return reference_; }
  const Settings& settings() const { return settings_; }
  const std::string& scope() const { return scope_; }
  // The one that gave the manifest comes first once it did.
  const std::vector<std::unique_ptr<Client>>& clients() const { return clients_; }
  Client& registry() { return *clients_.back(); }

  // What the reference names; or what `digest` names, which has `size` bytes (0: any number).
  Document manifest();
  Document manifest(const Digest& digest, uint64_t size);
  // The image manifest for `platform` in `index`, which may hold further indexes (depth 3); a
  // document that is no index is the answer itself.
  Document image_manifest(Document index, const Platform& platform);
  // All of them, sorted (distribution specification, "Listing Tags"). Throws when there are more
  // than 100,000.
  std::vector<std::string> tags();

 private:
  Document fetch(Client& client, const std::string& name, const Digest* digest, uint64_t size);

  const image::Reference reference_;
  const Settings settings_;
  const std::string scope_;
  TransportPool pool_;
  std::vector<std::unique_ptr<Client>> clients_;
};

// Whether the registry takes the password: throws when it does not.
void check_password(const std::string& registry, const Settings& settings,
                    const Credential& credential);

}  // namespace mini::registry
