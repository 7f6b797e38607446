// What the user says about registries: a JSON file (--config, MINI_CONFIG, /etc/mini/config.json;
// docs/registries.md has the format). Strict: an unknown key is an error, because a setting that is
// not understood would be a mirror not asked or a host trusted by mistake. Nothing of it is secret.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/document/reference.h"
#include "runtime/registry/http/url.h"

namespace mini::registry {

struct RegistrySettings {
  std::vector<Url> mirrors;         // asked first, for pulls only
  bool plain_http = false;          // "insecure": where TLS is not spoken, plain HTTP will do
  std::string ca_directory;         // *.crt in it are trusted besides the host's authorities
  std::vector<std::string> realms;  // token servers elsewhere that may get the password (origins)
};

struct Settings {
  std::map<std::string, RegistrySettings> registries;  // by the name in references: "docker.io"
  bool offline = false;                                // no registry is asked for anything
  int parallel = 3;                                    // layers at a time
  int timeout_ms = 60'000;                             // of silence
  int attempts = 5;
  int retry_delay_ms = 500;  // before the second attempt; doubles

  static constexpr const char* kDefaultFile = "/etc/mini/config.json";
  static Settings parse(std::string_view json, const std::string& name);
  // `file` must exist; an empty one means the default file, which need not.
  static Settings load(const std::string& file);

  const RegistrySettings& of(const std::string& registry) const;
};

// Where a repository can be asked. Endpoints are tried in order; the last is the registry itself.
struct Endpoint {
  Url base;  // "https://registry-1.docker.io/"
  bool mirror = false;
  // Only a probe can tell: first https, and if that is not spoken there, `base` as http.
  bool may_be_plain = false;
  std::string ca_directory;
  std::vector<std::string> realms;
  std::string credentials;  // the name in Docker's config.json
};

std::vector<Endpoint> pull_endpoints(const Settings& settings, const std::string& registry);
Endpoint registry_endpoint(const Settings& settings, const std::string& registry);

// The PEM text of all *.crt in the directory; empty for no directory.
std::string read_authorities(const std::string& directory);

}  // namespace mini::registry
