// One description per document: a struct names its JSON members once, and both reading and writing
// follow it.
//
//   void describe(JsonMembers& json, User& user) {
//     json.required("name", user.name);  // must be there; is always written
//     json.always("uid", user.uid);      // may be missing; is always written
//     json("umask", user.umask);         // may be missing; is not written while it has its default
//   }
//
// `describe` stands in the namespace of its struct. A member is a bool, an integer (kept within the
// range of its type), text, an enum with a
// `to_string` that gives null after the last, a value with
// `parse` and `str`, a struct with a `describe`, or an optional, vector, pair, set or map of these.
// Null is as good as missing; members that nobody names are ignored. What is refused is an Error
// that names the document and the place in it:
// `config.json: process.user.uid: 4294967296 is more than 4294967295`.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace mini {

// Canonical: one line, keys sorted, no blanks: what digests are made of. Pretty: two blanks a
// level, members in the order in which they are described. Invalid UTF-8 is replaced in both.
enum class JsonStyle { canonical, pretty };

class JsonMembers;
// What a struct's members are written as while they have their defaults, by their place in it.
using JsonDefaults = std::map<std::string, std::string, std::less<>>;
using JsonDescribe = void (*)(JsonMembers& json, void* value);

// One place of a document: either a value that was parsed, or text to append a value to.
class JsonNode {
 public:
  JsonNode(const nlohmann::json& root, const std::string& name) : json_(&root), key_(name) {}
  JsonNode(std::string& out, JsonStyle style) : out_(&out), style_(style) {}

  bool reading() const { return json_ != nullptr; }
  JsonStyle style() const { return style_; }
  std::string path() const;
  [[noreturn]] void refuse(const std::string& why, const std::string& hint = {}) const;

  // Each reads into its argument, or writes it.
  void value(bool& flag);
  void value(std::string& text);
  void value(std::set<std::string>& list);
  void value(std::map<std::string, std::string>& texts);
  void number(int64_t& number, int64_t least, int64_t most);
  void number(uint64_t& number, uint64_t most);
  void choice(int& index, const char* (*name)(int));  // null after the last
  void keys(std::set<std::string>& names);            // {"name": {}, …}
  void object(JsonDescribe describe, void* value, const JsonDefaults* defaults);
  void null();
  [[noreturn]] void malformed(const std::string& text) const;

  // A list: its length, each item, its end.
  size_t open_list(size_t length);
  JsonNode item(size_t index);
  void close_list();

 private:
  friend class JsonMembers;
  JsonNode(const nlohmann::json& json, const JsonNode& parent, std::string_view key, size_t index)
      : json_(&json), parent_(&parent), key_(key), index_(index) {}
  [[noreturn]] void expected(const char* what) const;

  const nlohmann::json* json_ = nullptr;
  const JsonNode* parent_ = nullptr;
  std::string_view key_;  // in the parent; of the root: the document's name
  size_t index_ = 0;      // in a list
  std::string* out_ = nullptr;
  JsonStyle style_ = JsonStyle::canonical;
};

namespace json_detail {

template <class T>
concept Text = requires(const T& value) {
  T::parse(std::string_view());
  value.str();
};
template <class T>
concept Plain = requires(JsonNode& node, T& value) {
  node.value(value);
};

template <class T>
void transfer_any(JsonNode& node, void* value);
template <class T>
const JsonDefaults& defaults_of(JsonStyle style);

template <class T>
void describe_any(JsonMembers& json, void* value) {
  describe(json, *static_cast<T*>(value));
}

template <class T>
void transfer_text(JsonNode& node, T& value) {
  std::string text = node.reading() ? std::string() : value.str();
  node.value(text);
  if (!node.reading()) return;
  if constexpr (requires { T::parse(text).has_value(); }) {
    const auto parsed = T::parse(text);
    if (!parsed) node.malformed(text);
    value = *parsed;
  } else {
    try {
      value = T::parse(text);
    } catch (const Error& error) {
      node.refuse(error.what(), error.hint());
    }
  }
}

template <class T>
void transfer(JsonNode& node, std::optional<T>& value) {
  if (!node.reading() && !value) return node.null();
  transfer_any<T>(node, node.reading() ? &value.emplace() : &*value);
}

template <class T>
void transfer(JsonNode& node, std::vector<T>& list) {
  list.resize(node.open_list(list.size()));
  for (size_t i = 0; i < list.size(); ++i) {
    JsonNode item = node.item(i);
    transfer_any<T>(item, &list[i]);
  }
  node.close_list();
}

template <class A, class B>
void transfer(JsonNode& node, std::pair<A, B>& both) {
  if (node.open_list(2) != 2) node.refuse("expected two items");
  JsonNode first = node.item(0);
  transfer_any<A>(first, &both.first);
  JsonNode second = node.item(1);
  transfer_any<B>(second, &both.second);
  node.close_list();
}

template <class T>
void transfer(JsonNode& node, T& value) {
  using Limits = std::numeric_limits<T>;
  if constexpr (Plain<T>) {
    node.value(value);
  } else if constexpr (std::is_enum_v<T>) {
    int index = static_cast<int>(value);
    node.choice(index, [](int i) { return to_string(static_cast<T>(i)); });
    if (node.reading()) value = static_cast<T>(index);
  } else if constexpr (std::is_unsigned_v<T>) {
    uint64_t wide = value;
    node.number(wide, Limits::max());
    if (node.reading()) value = static_cast<T>(wide);
  } else if constexpr (std::is_integral_v<T>) {
    int64_t wide = value;
    node.number(wide, Limits::min(), Limits::max());
    if (node.reading()) value = static_cast<T>(wide);
  } else if constexpr (Text<T>) {
    transfer_text(node, value);
  } else {
    node.object(&describe_any<T>, &value, node.reading() ? nullptr : &defaults_of<T>(node.style()));
  }
}

template <class T>
void transfer_any(JsonNode& node, void* value) {
  transfer(node, *static_cast<T*>(value));
}

JsonDefaults make_defaults(JsonDescribe describe, void* fresh, JsonStyle style);
template <class T>
const JsonDefaults& defaults_of(JsonStyle style) {
  const auto make = [style] {
    T fresh{};
    return new JsonDefaults(make_defaults(&describe_any<T>, &fresh, style));  // for ever
  };
  if (style == JsonStyle::canonical) {
    static const JsonDefaults* const canonical = make();
    return *canonical;
  }
  static const JsonDefaults* const pretty = make();
  return *pretty;
}

using Transfer = void (*)(JsonNode& node, void* value);
void read(std::string_view text, const std::string& name, size_t limit, Transfer, void* value);
void read_own(std::string_view text, const std::string& name, Transfer, void* value);
std::string write(Transfer, void* value, JsonStyle style);

}  // namespace json_detail

// The members of one object, given to `describe`.
class JsonMembers {
 public:
  // False while writing: then `describe` changes nothing, and nothing is checked.
  bool reading() const { return node_.reading(); }

  template <class T>
  void operator()(const char* name, T& value) {
    member(name, Presence::optional, &json_detail::transfer_any<T>, &value);
  }
  template <class T>
  void always(const char* name, T& value) {
    member(name, Presence::always, &json_detail::transfer_any<T>, &value);
  }
  template <class T>
  void required(const char* name, T& value) {
    member(name, Presence::required, &json_detail::transfer_any<T>, &value);
  }
  void keys(const char* name, std::set<std::string>& names);  // {"name": {}, …}

  // An object whose members the same struct holds: `members(JsonMembers&)` describes them.
  template <class Members>
  void object(const char* name, const Members& members) {
    group(name, Presence::optional, &call<Members>, &members);
  }
  template <class Members>
  void required_object(const char* name, const Members& members) {
    group(name, Presence::required, &call<Members>, &members);
  }
  void constant(const char* name, const char* text);  // must be there, and this
  void constant(const char* name, int64_t number);

  // While reading: what may not be. `name` may be a place, "env[3]", or empty: the whole object.
  void check(bool good, std::string_view name, const std::string& why,
             const std::string& hint = {}) const;
  void range(const char* name, int64_t least, int64_t most) const;
  void unsupported(const char* name) const;  // unless it is empty
  bool has(const char* name) const;

 private:
  friend class JsonNode;
  friend JsonDefaults json_detail::make_defaults(JsonDescribe, void*, JsonStyle);
  enum class Presence { optional, always, required };

  JsonMembers(JsonNode& node, const JsonDefaults* defaults) : node_(node), defaults_(defaults) {}
  template <class Members>
  static void call(JsonMembers& json, const void* members) {
    (*static_cast<const Members*>(members))(json);
  }
  void member(const char* name, Presence presence, json_detail::Transfer transfer, void* value);
  void group(const char* name, Presence presence, void (*members)(JsonMembers&, const void*),
             const void* context);
  const nlohmann::json* find(const char* name, Presence presence) const;
  void add(const char* name, Presence presence, std::string text);
  void finish();

  JsonNode& node_;
  const JsonDefaults* defaults_;
  JsonDefaults* collected_ = nullptr;  // while the defaults themselves are made
  std::string prefix_;                 // of the group, in `defaults_`
  std::vector<std::pair<const char*, std::string>> written_;
};

// Strict about the whole document: see parse_json. `name` is for errors, `limit` is of its size (0:
// kJsonLimit).
template <class T>
T read_json(std::string_view text, const std::string& name, size_t limit = 0) {
  T value{};
  json_detail::read(text, name, limit, &json_detail::transfer_any<T>, &value);
  return value;
}

// A document that mini itself wrote, where nobody else may write: without the guards against
// hostile ones, in half the time.
template <class T>
T read_own_json(std::string_view text, const std::string& name) {
  T value{};
  json_detail::read_own(text, name, &json_detail::transfer_any<T>, &value);
  return value;
}

template <class T>
std::string write_json(const T& value, JsonStyle style = JsonStyle::canonical) {
  return json_detail::write(&json_detail::transfer_any<T>, const_cast<T*>(&value), style);
}

}  // namespace mini
