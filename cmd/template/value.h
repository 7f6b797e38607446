// A value while a template runs: JSON, and what JSON does not tell of Go's type. Docker's documents
// are Go structs with maps in them; a map prints as map[k:v], a struct as {v w}, a nil list as [],
// a nil map as map[], a nil pointer as <nil>. The type follows from the member's name, which is the
// same in all of docker's documents. Pure.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mini::templates {

using Json = nlohmann::ordered_json;

enum class Type { none, boolean, number, text, list, map, structure, nil };

struct Value {
  Value();           // nil
  Value(Json json);  // NOLINT: a constant is a value
  // A part of what `whole` holds: shared, not copied.
  Value(const Value& whole, const Json& part);
  static Value absent();

  Type type() const;
  const Json& data() const { return *data_; }

  std::string member;      // the name of the member that it is; empty: not known
  bool is_absent = false;  // "<no value>"

 private:
  std::shared_ptr<const Json> data_;
};

// The member `name` of a struct, or the element `name` of a map.
Value member_of(const Value& object, const std::string& name);
Value element_of(const Value& list, size_t at);

bool is_true(const Value& value);         // as {{if}} asks
std::string text_of(const Value& value);  // as {{value}} prints
std::string go_type(const Value& value);  // "string", "[]string": for messages and %T
// The keys of a map, sorted, as Go visits them.
std::vector<std::string> sorted_keys(const Json& object);
bool same(const Value& a, const Value& b);  // throws Error when their types do not compare
bool less(const Value& a, const Value& b);

// For --format json and {{json}}: one line, or indented; control bytes escaped.
std::string json_text(const Json& value, int indent = -1);

}  // namespace mini::templates
