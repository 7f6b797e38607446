// JSON that may be hostile: bounded size and depth, no duplicate keys, errors that name the
// document and the path inside it
// (`image config: rootfs.diff_ids[3]: expected a string`). A thin layer over nlohmann::json;
// include only in .cc files (headers use <nlohmann/json_fwd.hpp>).
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mini {

using Json = nlohmann::json;                 // object keys sorted
using OrderedJson = nlohmann::ordered_json;  // keys in the order of insertion, for what is printed

constexpr size_t kJsonLimit = 4 << 20;
constexpr int kJsonDepth = 100;

// Strict parse of one document; `name` is for errors. Throws Error with line and column.
Json parse_json(std::string_view text, const std::string& name, size_t limit = kJsonLimit);

// A read-only cursor that knows where it is. `at` on a missing key or a wrong type throws Error
// naming the whole path; `find` gives nothing when the key is missing or null.
class JsonView {
 public:
  JsonView(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const Json& json() const { return *value_; }
  const std::string& path() const { return path_; }

  JsonView at(const std::string& key) const;
  std::optional<JsonView> find(const std::string& key) const;
  std::vector<JsonView> items() const;                            // of an array
  std::vector<std::pair<std::string, JsonView>> members() const;  // of an object

  std::string string() const;
  bool boolean() const;
  int64_t integer() const;  // whole numbers within int64
  uint64_t unsigned_integer() const;
  std::vector<std::string> strings() const;

  // `find` and a default in one.
  std::string string_or(const std::string& key, std::string fallback = {}) const;
  bool boolean_or(const std::string& key, bool fallback = false) const;
  int64_t integer_or(const std::string& key, int64_t fallback = 0) const;
  std::vector<std::string> strings_or(const std::string& key) const;

 private:
  [[noreturn]] void expected(const char* what) const;
  JsonView child(const Json& value, const std::string& key) const;

  const Json* value_;
  std::string path_;
  bool inside_ = false;  // path_ goes on after the document's name
};

// One line, keys sorted, no blanks, invalid UTF-8 replaced: the canonical form that digests are
// made of.
std::string canonical(const Json& value);

}  // namespace mini
