#include "cmd/output/template_functions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::cmd {
namespace {

using Value = nlohmann::ordered_json;
using Operands = std::vector<Value>;

[[noreturn]] void wrong(const std::string& what) {
  throw Error(cat("template: ", what), "", ErrorKind::usage);
}

template <class Values>
std::vector<std::string> texts_of(const Values& values) {
  std::vector<std::string> out;
  for (const Value& value : values) out.push_back(template_text(value));
  return out;
}

std::string as_text(const Value& value) {
  return value.is_string() ? value.get<std::string>() : template_text(value);
}

Value json(Operands& in) {
  return in[0].dump(-1, ' ', false, Value::error_handler_t::replace);
}

// JSON escapes control bytes itself, but neither DEL nor the controls and direction marks beyond
// ASCII. Line breaks are its own.
bool printable_json(const std::string& text) {
  for (const std::string& line : split(text, '\n'))
    if (printable(line) != line) return false;
  return true;
}

Value length(Operands& in) {
  if (in[0].is_string()) return in[0].get_ref<const std::string&>().size();
  if (in[0].is_null()) return 0;
  if (!in[0].is_structured()) wrong("len: needs a text, a list or a map");
  return in[0].size();
}

Value index(Operands& in) {
  Value at = in[0];
  for (size_t i = 1; i < in.size(); ++i) {
    const Value& key = in[i];
    if (at.is_array() && key.is_number_integer()) {
      const auto position = key.get<int64_t>();
      if (position < 0 || static_cast<size_t>(position) >= at.size())
        wrong(cat("index: ", position, " is out of range"));
      at = Value(at[static_cast<size_t>(position)]);
    } else if (at.is_object() && key.is_string()) {
      at = at.contains(key.get<std::string>()) ? Value(at[key.get<std::string>()]) : Value("");
    } else if (at.is_null()) {
      return "";
    } else {
      wrong("index: needs a list and a number, or a map and a text");
    }
  }
  return at;
}

Value join_list(Operands& in) {
  if (!in[0].is_array() && !in[0].is_null()) wrong("join: needs a list");
  std::vector<std::string> items;
  for (const Value& item : in[0]) items.push_back(as_text(item));
  return join(items, as_text(in[1]));
}

Value split_text(Operands& in) {
  const std::string text = as_text(in[0]), separator = as_text(in[1]);
  if (separator.empty()) wrong("split: needs a separator");
  Value out = Value::array();
  size_t start = 0, at;
  while ((at = text.find(separator, start)) != std::string::npos) {
    out.push_back(text.substr(start, at - start));
    start = at + separator.size();
  }
  out.push_back(text.substr(start));
  return out;
}

// As in Go: `print` puts a blank only between two values that are no texts, `println` always.
Value print(Operands& in) {
  std::string out;
  for (size_t i = 0; i < in.size(); ++i) {
    if (i > 0 && !in[i - 1].is_string() && !in[i].is_string()) out += ' ';
    out += template_text(in[i]);
  }
  return out;
}
Value println(Operands& in) {
  return join(texts_of(in), " ") + "\n";
}

Value print_format(Operands& in) {
  const std::string format = as_text(in[0]);
  std::string out;
  size_t used = 1;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    const char verb = format[++i];
    if (verb == '%') {
      out += '%';
      continue;
    }
    if (verb != 's' && verb != 'd' && verb != 'v' && verb != 'q')
      wrong(cat("printf: %", verb, " is not known"));
    if (used >= in.size()) wrong("printf: too few values");
    out += verb == 'q' ? quoted(as_text(in[used])) : as_text(in[used]);
    ++used;
  }
  if (used < in.size()) wrong("printf: too many values");
  return out;
}

Value title(Operands& in) {
  std::string text = as_text(in[0]);
  bool start = true;
  for (char& c : text) {
    if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    start = c == ' ';
  }
  return text;
}

Value truncate(Operands& in) {
  if (!in[1].is_number_integer() || in[1].get<int64_t>() < 0)
    wrong("truncate: needs a text and a length");
  return as_text(in[0]).substr(0, in[1].get<size_t>());
}

Value all_of(Operands& in) {
  for (Value& item : in)
    if (!template_truth(item)) return item;
  return in.back();
}
Value any_of(Operands& in) {
  for (Value& item : in)
    if (template_truth(item)) return item;
  return in.back();
}

Value equal(Operands& in) {
  return std::any_of(in.begin() + 1, in.end(), [&](const Value& item) { return item == in[0]; });
}

struct Function {
  const char* name;
  size_t minimum, maximum;
  Value (*call)(Operands&);
};

constexpr size_t kMany = 64;
const Function kFunctions[] = {
    {"json", 1, 1, json},
    {"len", 1, 1, length},
    {"index", 1, kMany, index},
    {"join", 2, 2, join_list},
    {"split", 2, 2, split_text},
    {"print", 0, kMany, print},
    {"println", 0, kMany, println},
    {"printf", 1, kMany, print_format},
    {"upper", 1, 1, [](Operands& in) { return Value(upper(as_text(in[0]))); }},
    {"lower", 1, 1, [](Operands& in) { return Value(lower(as_text(in[0]))); }},
    {"title", 1, 1, title},
    {"truncate", 2, 2, truncate},
    {"and", 1, kMany, all_of},
    {"or", 1, kMany, any_of},
    {"not", 1, 1, [](Operands& in) { return Value(!template_truth(in[0])); }},
    {"eq", 2, kMany, equal},
    {"ne", 2, 2, [](Operands& in) { return Value(in[0] != in[1]); }},
    {"lt", 2, 2, [](Operands& in) { return Value(in[0] < in[1]); }},
    {"le", 2, 2, [](Operands& in) { return Value(in[0] <= in[1]); }},
    {"gt", 2, 2, [](Operands& in) { return Value(in[0] > in[1]); }},
    {"ge", 2, 2, [](Operands& in) { return Value(in[0] >= in[1]); }},
};

}  // namespace

Value call_template_function(const std::string& name, Operands& operands) {
  std::vector<std::string_view> names;
  for (const Function& function : kFunctions) {
    if (name == function.name) {
      if (operands.size() < function.minimum || operands.size() > function.maximum)
        wrong(cat(name, ": wrong number of values"));
      return function.call(operands);
    }
    names.push_back(function.name);
  }
  auto near = did_you_mean(name, names);
  throw Error(cat("template: function ", quoted(name), " is not known"),
              near ? cat("did you mean ", *near, "?") : "", ErrorKind::usage);
}

std::string template_json(const Value& value, int indent) {
  const std::string text = value.dump(indent, ' ', false, Value::error_handler_t::replace);
  if (printable_json(text)) return text;
  return value.dump(indent, ' ', true, Value::error_handler_t::replace);
}

std::string template_text(const Value& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "<no value>";
  if (value.is_array()) {
    return cat("[", join(texts_of(value), " "), "]");
  }
  if (value.is_object()) {
    std::vector<std::string> members;
    for (const auto& item : value.items())
      members.push_back(cat(item.key(), ":", template_text(item.value())));
    return cat("map[", join(members, " "), "]");
  }
  return value.dump();
}

bool template_truth(const Value& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

}  // namespace mini::cmd
