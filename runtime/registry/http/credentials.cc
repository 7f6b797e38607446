#include "runtime/registry/http/credentials.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <cstdlib>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/lock.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace mini::registry {
namespace {

constexpr const char* kDockerKey = "https://index.docker.io/v1/";
constexpr const char* kTokenUser = "<token>";  // what helpers say instead of a name

Json read_document(const std::string& path) {
  const auto text = read_file_if_exists(path, kJsonLimit);
  if (!text || trim(*text).empty()) return Json::object();
  Json document = parse_json(*text, path);
  if (!document.is_object()) throw Error(cat(path, ": expected an object"));
  return document;
}

void write_document(const std::string& path, const Json& document) {
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) make_directories(path.substr(0, slash), 0700);
  replace_file(path, document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n", true,
               0600);
}

// Two logins at once must not lose one of them.
FileLock lock_document(const std::string& path) {
  make_directories(path.substr(0, path.rfind('/')), 0700);
  return FileLock::acquire(path + ".lock", LockMode::exclusive, "Docker's configuration");
}

Credential decode(const JsonView& view) {
  Credential credential;
  credential.identity_token = view.string_or("identitytoken");
  credential.user = view.string_or("username");
  credential.password = view.string_or("password");
  const std::string packed = view.string_or("auth");
  if (packed.empty()) return credential;
  const auto plain = base64_decode(packed);
  const size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) throw Error(cat(view.path(), ".auth: is damaged"));
  credential.user = plain->substr(0, colon);
  credential.password = plain->substr(colon + 1);
  while (credential.password.ends_with('\0')) credential.password.pop_back();
  return credential;
}

std::string helper_name(const Json& document, const std::string& path,
                        const std::string& registry) {
  const JsonView view(document, path);
  if (const auto helpers = view.find("credHelpers")) {
    for (const auto& [key, value] : helpers->members()) {
      if (registry_of_key(key) == registry) return value.string();
    }
  }
  return view.string_or("credsStore");
}

std::string program_of(const std::string& helper) {
  if (helper.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != std::string::npos)
    throw Error(cat("credential helper ", quoted(helper), ": not a credential helper name"));
  return cat("docker-credential-", helper);
}

Credential ask_helper(const std::string& helper, const std::string& registry) {
  const std::string program = program_of(helper);
  const ProgramResult result = run_users_program({program, "get"}, credential_key(registry));
  if (result.code != 0) {
    // "credentials not found" and the like: as if there were none.
    debug(program, ": exit code ", result.code);
    return {};
  }
  const Json document = parse_json(result.output, program);
  const JsonView view(document, program);
  Credential credential;
  credential.user = view.string_or("Username");
  (credential.user == kTokenUser ? credential.identity_token : credential.password) =
      view.string_or("Secret");
  return credential;
}

}  // namespace

CredentialFile CredentialFile::standard() {
  if (const char* directory = getenv("DOCKER_CONFIG"); directory && *directory)
    return CredentialFile(cat(directory, "/config.json"));
  const char* home = getenv("HOME");
  return CredentialFile(cat(home && *home ? home : "/root", "/.docker/config.json"));
}

std::string CredentialFile::helper_of(const std::string& registry) const {
  return helper_name(read_document(path_), path_, registry);
}

Credential CredentialFile::find(const std::string& registry) const {
  const Json document = read_document(path_);
  if (const std::string helper = helper_name(document, path_, registry); !helper.empty()) {
    Credential credential = ask_helper(helper, registry);
    if (!credential.empty()) return credential;
  }
  const JsonView view(document, path_);
  const auto auths = view.find("auths");
  if (!auths) return {};
  // The exact key first: several may mean the same registry.
  for (const bool exact : {true, false}) {
    for (const auto& [key, value] : auths->members()) {
      if (exact ? key != credential_key(registry) : registry_of_key(key) != registry) continue;
      Credential credential = decode(value);
      if (!credential.empty()) return credential;
    }
  }
  return {};
}

void CredentialFile::store(const std::string& registry, const Credential& credential) const {
  const FileLock lock = lock_document(path_);
  Json document = read_document(path_);
  const std::string key = credential_key(registry);
  if (const std::string helper = helper_name(document, path_, registry); !helper.empty()) {
    const bool token = !credential.identity_token.empty();
    const Json message = {{"ServerURL", key},
                          {"Username", token ? kTokenUser : credential.user},
                          {"Secret", token ? credential.identity_token : credential.password}};
    const std::string program = program_of(helper);
    if (const auto result = run_users_program({program, "store"}, canonical(message));
        result.code != 0)
      throw Error(cat(program, ": did not store the password: exit code ", result.code));
    document["auths"][key] = Json::object();
  } else {
    Json entry = {{"auth", base64_encode(cat(credential.user, ':', credential.password))}};
    if (!credential.identity_token.empty()) entry["identitytoken"] = credential.identity_token;
    document["auths"][key] = std::move(entry);
  }
  write_document(path_, document);
}

bool CredentialFile::erase(const std::string& registry) const {
  const FileLock lock = lock_document(path_);
  Json document = read_document(path_);
  bool found = false;
  if (const std::string helper = helper_name(document, path_, registry); !helper.empty()) {
    found = !ask_helper(helper, registry).empty();
    if (found) run_users_program({program_of(helper), "erase"}, credential_key(registry));
  }
  if (!document.contains("auths")) return found;
  Json& auths = document["auths"];
  std::vector<std::string> keys;
  for (const auto& [key, value] : JsonView(auths, cat(path_, ": auths")).members()) {
    if (registry_of_key(key) == registry) keys.push_back(key);
  }
  for (const std::string& key : keys) auths.erase(key);
  if (!keys.empty()) write_document(path_, document);
  return found || !keys.empty();
}

std::string credential_key(const std::string& registry) {
  return registry == "docker.io" ? kDockerKey : registry;
}

std::string registry_of_key(const std::string& key) {
  std::string_view rest = key;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  std::string host(rest.substr(0, rest.find('/')));
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
  return host;
}

std::string base64_encode(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::optional<std::string> base64_decode(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

}  // namespace mini::registry
