// Users: who they are and a hash of each password (argon2id of libsodium, 7 MiB and 5 passes, one of OWASP's settings: it must fit into a service of
// 15 MiB, so one is computed at a time). create() throws Refusal 400 with the reason, 409 for an e-mail that is taken.
#pragma once
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lib/database.h"

namespace shop {

class Users {
 public:
  Users();
  nlohmann::json create(const nlohmann::json& body);
  nlohmann::json all();
  std::optional<nlohmann::json> find(const std::string& id);
  // The user whose e-mail and password these are. An unknown e-mail takes as long as a wrong password.
  std::optional<nlohmann::json> login(const std::string& email, const std::string& password);

 private:
  std::string hash(const std::string& password);
  bool verify(const std::string& hash, const std::string& password);

  std::unique_ptr<Database> database_;
  std::mutex hashing_;
  std::once_flag nobody_made_;
  std::string nobody_;  // the hash of no one's password
};

}  // namespace shop
