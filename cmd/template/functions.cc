#include "cmd/template/functions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

using Operands = std::vector<Value>;

[[noreturn]] void wrong(const std::string& what) {
  throw Error(what, "", ErrorKind::usage);
}

const std::string& text_at(const Operands& in, size_t i) {
  if (in[i].type() != Type::text)
    wrong(cat("wrong type for value; expected string; got ", go_type(in[i])));
  return in[i].data().get_ref<const std::string&>();
}

int64_t number_at(const Operands& in, size_t i) {
  if (!in[i].data().is_number_integer())
    wrong(cat("wrong type for value; expected int; got ", go_type(in[i])));
  return in[i].data().get<int64_t>();
}

Value json(Operands& in) {
  return Json(json_text(in[0].data()));
}

Value length(Operands& in) {
  switch (in[0].type()) {
    case Type::text:
      return Json(in[0].data().get_ref<const std::string&>().size());
    case Type::list:
    case Type::map:
      return Json(in[0].data().size());
    case Type::none:
    case Type::nil:
      wrong("len of nil pointer");
    default:
      wrong(cat("len of type ", go_type(in[0])));
  }
}

// What a map gives for a key that it lacks: its element type's zero value.
Value zero_of(const Json& map) {
  if (map.empty() || map.begin()->is_string()) return Json("");
  if (map.begin()->is_number()) return Json(0);
  if (map.begin()->is_boolean()) return Json(false);
  return Json(nullptr);
}

size_t position(const Value& key, size_t size, const char* what) {
  if (!key.data().is_number_integer())
    wrong(cat("cannot index slice/array with type ", go_type(key)));
  const auto at = key.data().get<int64_t>();
  if (at < 0 || static_cast<size_t>(at) >= size) wrong(cat(what, " out of range: ", at));
  return static_cast<size_t>(at);
}

Value index(Operands& in) {
  Value at = in[0];
  for (size_t i = 1; i < in.size(); ++i) {
    const Value& key = in[i];
    switch (at.type()) {
      case Type::list:
        at = element_of(at, position(key, at.data().size(), "index"));
        break;
      case Type::text: {
        const std::string text = at.data();
        at = Json(static_cast<unsigned char>(text[position(key, text.size(), "index")]));
        break;
      }
      case Type::map: {
        if (key.type() != Type::text)
          wrong(cat("value has type ", go_type(key), "; should be string"));
        const Value found = member_of(at, key.data());
        at = found.is_absent ? zero_of(at.data()) : found;
        break;
      }
      case Type::none:
      case Type::nil:
        wrong("index of nil pointer");
      default:
        wrong(cat("can't index item of type ", go_type(at)));
    }
  }
  return at;
}

Value slice(Operands& in) {
  const bool is_text = in[0].type() == Type::text;
  if (!is_text && in[0].type() != Type::list)
    wrong(cat("can't slice item of type ", go_type(in[0])));
  if (is_text && in.size() == 4) wrong("cannot 3-index slice a string");
  const size_t size =
      is_text ? in[0].data().get_ref<const std::string&>().size() : in[0].data().size();
  size_t bounds[3] = {0, size, size};
  for (size_t i = 1; i < in.size(); ++i) bounds[i - 1] = position(in[i], size + 1, "index");
  if (bounds[0] > bounds[1]) wrong(cat("invalid slice index: ", bounds[0], " > ", bounds[1]));
  if (bounds[1] > bounds[2]) wrong(cat("invalid slice index: ", bounds[1], " > ", bounds[2]));
  if (is_text)
    return Json(
        in[0].data().get_ref<const std::string&>().substr(bounds[0], bounds[1] - bounds[0]));
  Json out = Json::array();
  for (size_t i = bounds[0]; i < bounds[1]; ++i) out.push_back(in[0].data()[i]);
  return out;
}

Value join_list(Operands& in) {
  if (in[0].type() != Type::list)
    wrong(cat("wrong type for value; expected []string; got ", go_type(in[0])));
  std::vector<std::string> items;
  for (size_t i = 0; i < in[0].data().size(); ++i) items.push_back(text_of(element_of(in[0], i)));
  return Json(join(items, text_at(in, 1)));
}

Value split_text(Operands& in) {
  const std::string text = text_at(in, 0), separator = text_at(in, 1);
  Json out = Json::array();
  if (separator.empty()) {  // Go: into its characters
    for (size_t i = 0; i < text.size();) {
      size_t end = i + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
      out.push_back(text.substr(i, end - i));
      i = end;
    }
    return out;
  }
  size_t start = 0, at;
  while ((at = text.find(separator, start)) != std::string::npos) {
    out.push_back(text.substr(start, at - start));
    start = at + separator.size();
  }
  out.push_back(text.substr(start));
  return out;
}

Value title(Operands& in) {
  std::string text = text_at(in, 0);
  bool inside = false;
  for (char& c : text) {
    if (!inside && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    inside = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '\'' ||
             static_cast<unsigned char>(c) >= 0x80;
  }
  return Json(text);
}

Value pad(Operands& in) {
  const std::string& text = text_at(in, 0);
  const int64_t before = number_at(in, 1), after = number_at(in, 2);
  if (text.empty()) return Json(text);
  if (before < 0 || after < 0 || before > 4096 || after > 4096) wrong("negative or huge padding");
  return Json(cat(std::string(static_cast<size_t>(before), ' '), text,
                  std::string(static_cast<size_t>(after), ' ')));
}

Value truncate(Operands& in) {
  const std::string& text = text_at(in, 0);
  const int64_t size = number_at(in, 1);
  if (size < 0) wrong("negative length");
  return Json(text.substr(0, static_cast<size_t>(size)));
}

Value equal(Operands& in) {
  for (size_t i = 1; i < in.size(); ++i)
    if (same(in[0], in[i])) return Json(true);
  return Json(false);
}

std::string as_text(const Operands& in) {
  return in.size() == 1 && in[0].type() == Type::text ? in[0].data().get<std::string>()
                                                      : print_values(in);
}

Value println(Operands& in) {
  std::vector<std::string> words;
  for (const Value& value : in) words.push_back(text_of(value));
  return Json(join(words, " ") + "\n");
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
    {"slice", 1, 4, slice},
    {"join", 2, 2, join_list},
    {"split", 2, 2, split_text},
    {"print", 0, kMany, [](Operands& in) { return Value(Json(print_values(in))); }},
    {"println", 0, kMany, println},
    {"printf", 1, kMany, [](Operands& in) { return Value(Json(format_values(in))); }},
    {"html", 1, kMany, [](Operands& in) { return Value(Json(escape_html(as_text(in)))); }},
    {"js", 1, kMany, [](Operands& in) { return Value(Json(escape_js(as_text(in)))); }},
    {"urlquery", 1, kMany, [](Operands& in) { return Value(Json(escape_query(as_text(in)))); }},
    {"upper", 1, 1, [](Operands& in) { return Value(Json(upper(text_at(in, 0)))); }},
    {"lower", 1, 1, [](Operands& in) { return Value(Json(lower(text_at(in, 0)))); }},
    {"title", 1, 1, title},
    {"pad", 3, 3, pad},
    {"truncate", 2, 2, truncate},
    {"not", 1, 1, [](Operands& in) { return Value(Json(!is_true(in[0]))); }},
    {"eq", 2, kMany, equal},
    {"ne", 2, 2, [](Operands& in) { return Value(Json(!same(in[0], in[1]))); }},
    {"lt", 2, 2, [](Operands& in) { return Value(Json(less(in[0], in[1]))); }},
    {"le", 2, 2, [](Operands& in) { return Value(Json(!less(in[1], in[0]))); }},
    {"gt", 2, 2, [](Operands& in) { return Value(Json(less(in[1], in[0]))); }},
    {"ge", 2, 2, [](Operands& in) { return Value(Json(!less(in[0], in[1]))); }},
    {"call", 1, kMany,
     [](Operands& in) -> Value { wrong(cat("non-function of type ", go_type(in[0]))); }},
};

const Function* find_function(const std::string& name) {
  for (const Function& function : kFunctions)
    if (name == function.name) return &function;
  return nullptr;
}

}  // namespace

bool is_template_function(const std::string& name) {
  return name == "and" || name == "or" || find_function(name) != nullptr;
}

std::string near_template_function(const std::string& name) {
  std::vector<std::string_view> names = {"and", "or"};
  for (const Function& function : kFunctions) names.emplace_back(function.name);
  const auto near = did_you_mean(name, names);
  return near ? std::string(*near) : std::string();
}

Value call_template_function(const std::string& name, Operands& operands) {
  const Function& function = *find_function(name);
  if (operands.size() < function.minimum || operands.size() > function.maximum) {
    const bool exact = function.minimum == function.maximum;
    wrong(cat("wrong number of args for ", name, ": want ", exact ? "" : "at least ",
              operands.size() > function.maximum ? function.maximum : function.minimum, " got ",
              operands.size()));
  }
  try {
    return function.call(operands);
  } catch (const Error& error) {
    wrong(cat("error calling ", name, ": ", error.what()));
  }
}

}  // namespace mini::templates
