#include "user-service/users.h"

#include <sodium.h>

#include <nlohmann/json.hpp>

#include "lib/service.h"
#include "lib/text.h"
#include "lib/trace.h"

namespace shop {
namespace {

using nlohmann::json;

constexpr unsigned long long kPasses = 5;
constexpr size_t kMemory = 7 << 20;

std::string text_of(const json& body, const char* key) {
  auto found = body.find(key);
  if (found == body.end()) throw Refusal(400, std::string(key) + ": missing");
  if (!found->is_string()) throw Refusal(400, std::string(key) + ": not a string");
  return *found;
}

json to_json(const Row& row) {
  return {{"userId", text(row, 0)}, {"email", text(row, 1)}, {"name", text(row, 2)}};
}

std::string new_user_id() {
  std::string hex = random_id(32);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace

Users::Users() {
  if (::sodium_init() < 0) throw std::runtime_error("libsodium cannot be used");
  database_ = open_database("user.db", {
      "CREATE TABLE IF NOT EXISTS users (user_id VARCHAR(64) PRIMARY KEY, email VARCHAR(254) NOT NULL UNIQUE, "
      "name VARCHAR(200) NOT NULL, password VARCHAR(200) NOT NULL, created BIGINT NOT NULL)"});
}

json Users::create(const json& body) {
  std::string email = lower(text_of(body, "email")), name = text_of(body, "name"), password = text_of(body, "pwd");
  if (!is_email(email)) throw Refusal(400, "email: not an e-mail address");
  if (characters(name) < 2 || characters(name) > 50) throw Refusal(400, "name: needs 2 to 50 characters");
  if (characters(password) < 8 || password.size() > 128) throw Refusal(400, "pwd: needs 8 to 128 characters");
  Row row{new_user_id(), email, name, hash(password), now_micros()};
  try {
    database_->transaction([&](Connection& connection) {
      database_->run(connection, "INSERT INTO users (user_id, email, name, password, created) VALUES (?, ?, ?, ?, ?)", row);
    });
  } catch (const DuplicateKey&) {
    throw Refusal(409, "email: taken by another user");
  }
  return to_json(row);
}

json Users::all() {
  json all = json::array();
  for (const Row& row : database_->read("SELECT user_id, email, name FROM users ORDER BY created LIMIT 1000")) {
    all.push_back(to_json(row));
  }
  return all;
}

std::optional<json> Users::find(const std::string& id) {
  auto rows = database_->read("SELECT user_id, email, name FROM users WHERE user_id = ?", {id});
  if (rows.empty()) return std::nullopt;
  return to_json(rows[0]);
}

std::optional<json> Users::login(const std::string& email, const std::string& password) {
  auto rows = database_->read("SELECT user_id, email, name, password FROM users WHERE email = ?", {lower(email)});
  if (rows.empty()) std::call_once(nobody_made_, [&] { nobody_ = hash(random_id(32)); });
  bool right = verify(rows.empty() ? nobody_ : text(rows[0], 3), password);
  if (rows.empty() || !right) return std::nullopt;
  return to_json(rows[0]);
}

std::string Users::hash(const std::string& password) {
  ScopedSpan span(SpanKind::local, "hash password");
  std::lock_guard lock(hashing_);
  char out[crypto_pwhash_STRBYTES];
  if (::crypto_pwhash_str_alg(out, password.data(), password.size(), kPasses, kMemory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Refusal(503, "no memory to hash the password");
  }
  return out;
}

bool Users::verify(const std::string& hash, const std::string& password) {
  ScopedSpan span(SpanKind::local, "verify password");
  std::lock_guard lock(hashing_);
  return ::crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace shop
