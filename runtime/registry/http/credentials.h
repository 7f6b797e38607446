// Passwords as Docker keeps them: $DOCKER_CONFIG/config.json or ~/.docker/config.json ("auths",
// "credHelpers", "credsStore"), shared with docker, podman and skopeo. A helper is the program
// docker-credential-NAME from the caller's PATH, never from an image, spoken to over its standard
// input. Writing keeps every key that is not understood, replaces the file by rename, mode 0600.
// Never printed, never in an argv or an environment. Throws Error.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mini::registry {

struct Credential {
  std::string user, password;
  std::string identity_token;  // instead of a password: an OAuth2 refresh token
  bool empty() const { return password.empty() && identity_token.empty(); }
};

class CredentialFile {
 public:
  // The file of this process's environment; need not exist.
  static CredentialFile standard();
  explicit CredentialFile(std::string path) : path_(std::move(path)) {}

  // `registry` as in references ("docker.io", "localhost:5000"). Empty when there is none.
  Credential find(const std::string& registry) const;
  void store(const std::string& registry, const Credential& credential) const;
  bool erase(const std::string& registry) const;  // false: there was none
  const std::string& path() const { return path_; }
  // Whether a helper keeps what is stored, and which.
  std::string helper_of(const std::string& registry) const;

 private:
  std::string path_;
};

// The key in config.json: "https://index.docker.io/v1/" for docker.io.
std::string credential_key(const std::string& registry);
// A key as others may have written it ("https://host/v1/", "host:5000") -> the registry's name.
std::string registry_of_key(const std::string& key);

std::string base64_encode(const std::string& text);
std::optional<std::string> base64_decode(const std::string& text);  // strict

}  // namespace mini::registry
