#include "runtime/registry/http/settings.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr size_t kLimit = 1 << 20;
constexpr size_t kCertificateLimit = 1 << 20;
constexpr std::string_view kDocker = "docker.io";

void only_known(const JsonView& view, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : view.members()) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == key;
    if (found) continue;
    const std::vector<std::string_view> names(known);
    const auto near = did_you_mean(key, names);
    throw Error(cat(view.path(), ": unknown key ", quoted(key)),
                near ? cat("did you mean ", quoted(*near), "?") : "see docs/registries.md");
  }
}

int number_or(const JsonView& view, const std::string& key, int fallback, int least, int most) {
  const int64_t value = view.integer_or(key, fallback);
  if (value < least || value > most)
    throw Error(cat(view.path(), ".", key, ": must be from ", least, " to ", most));
  return static_cast<int>(value);
}

RegistrySettings parse_registry(const JsonView& view) {
  only_known(view, {"mirrors", "insecure", "ca", "realms"});
  RegistrySettings settings;
  for (const std::string& mirror : view.strings_or("mirrors"))
    settings.mirrors.push_back(
        with_context(cat(view.path(), ".mirrors"), [&] { return Url::parse(mirror); }));
  settings.plain_http = view.boolean_or("insecure");
  settings.ca_directory = view.string_or("ca");
  for (const std::string& realm : view.strings_or("realms"))
    settings.realms.push_back(
        with_context(cat(view.path(), ".realms"), [&] { return Url::parse(realm).origin(); }));
  return settings;
}

Endpoint mirror_endpoint(const Settings& settings, const Url& url) {
  const RegistrySettings& own = settings.of(url.authority());
  Endpoint endpoint;
  endpoint.base = url;
  endpoint.mirror = true;
  endpoint.ca_directory = own.ca_directory;
  endpoint.realms = own.realms;
  endpoint.credentials = url.authority();
  return endpoint;
}

}  // namespace

Settings Settings::parse(std::string_view json, const std::string& name) {
  const Json document = parse_json(json, name, kLimit);
  const JsonView view(document, name);
  only_known(view, {"registries", "offline", "parallel", "timeout", "attempts", "retryDelay"});
  Settings settings;
  if (const auto registries = view.find("registries")) {
    for (const auto& [registry, value] : registries->members())
      settings.registries[registry == "index.docker.io" ? std::string(kDocker) : registry] =
          parse_registry(value);
  }
  settings.offline = view.boolean_or("offline");
  settings.parallel = number_or(view, "parallel", settings.parallel, 1, 16);
  settings.timeout_ms = number_or(view, "timeout", settings.timeout_ms / 1000, 1, 3600) * 1000;
  settings.attempts = number_or(view, "attempts", settings.attempts, 1, 20);
  settings.retry_delay_ms = number_or(view, "retryDelay", settings.retry_delay_ms, 1, 60'000);
  return settings;
}

Settings Settings::load(const std::string& file) {
  if (!file.empty()) return parse(read_file(file, kLimit), file);
  const auto text = read_file_if_exists(kDefaultFile, kLimit);
  return text ? parse(*text, kDefaultFile) : Settings{};
}

const RegistrySettings& Settings::of(const std::string& registry) const {
  static const RegistrySettings none;
  const auto found = registries.find(registry);
  return found == registries.end() ? none : found->second;
}

Endpoint registry_endpoint(const Settings& settings, const std::string& registry) {
  const RegistrySettings& own = settings.of(registry);
  Endpoint endpoint;
  endpoint.base = Url::parse(
      cat("https://", registry == kDocker ? std::string_view("registry-1.docker.io") : registry));
  endpoint.may_be_plain = own.plain_http || endpoint.base.is_loopback();
  endpoint.ca_directory = own.ca_directory;
  endpoint.realms = own.realms;
  endpoint.credentials = registry;
  return endpoint;
}

std::vector<Endpoint> pull_endpoints(const Settings& settings, const std::string& registry) {
  std::vector<Endpoint> endpoints;
  for (const Url& mirror : settings.of(registry).mirrors)
    endpoints.push_back(mirror_endpoint(settings, mirror));
  endpoints.push_back(registry_endpoint(settings, registry));
  return endpoints;
}

constexpr const char* kCaHint =
    "\"ca\" of the registry in mini's config.json names a directory of *.crt files";

std::string read_authorities(const std::string& directory) {
  std::string pem;
  if (directory.empty()) return pem;
  if (access(directory.c_str(), R_OK | X_OK) != 0) {
    const int reason = errno;
    throw Error(cat("registry authorities: ", directory, ": ", strerror(reason)), kCaHint);
  }
  for (const std::string& name : list_directory(directory)) {
    if (name.ends_with(".crt"))
      pem += read_file(cat(directory, '/', name), kCertificateLimit) + "\n";
  }
  if (pem.empty())
    throw Error(cat("registry authorities: ", directory, ": contains no certificate (*.crt)"),
                kCaHint);
  return pem;
}

}  // namespace mini::registry
