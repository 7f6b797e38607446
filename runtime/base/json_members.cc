#include "runtime/base/json_members.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

void append_text(std::string& out, std::string_view text) {
  const auto plain = [](unsigned char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += canonical(Json(text));
  }
}

// `put` writes each of `list` after its comma.
template <class List, class Put>
void append_list(std::string& out, const char* brackets, const List& list, Put put) {
  out += brackets[0];
  bool first = true;
  for (const auto& item : list) {
    if (!std::exchange(first, false)) out += ',';
    put(item);
  }
  out += brackets[1];
}

}  // namespace

std::string JsonNode::path() const {
  if (!parent_) return std::string(key_);
  const bool top = !parent_->parent_;
  const std::string above = parent_->path();
  if (parent_->json_->is_array()) return cat(above, top ? ": [" : "[", index_, ']');
  return cat(above, top ? ": " : ".", printable(key_));
}

void JsonNode::refuse(const std::string& why, const std::string& hint) const {
  throw Error(cat(path(), ": ", why), hint);
}

void JsonNode::expected(const char* what) const {
  refuse(cat("expected ", what));
}

void JsonNode::malformed(const std::string& text) const {
  refuse(cat(quoted(text.substr(0, 100)), " is malformed"));
}

void JsonNode::value(bool& flag) {
  if (!reading()) {
    *out_ += flag ? "true" : "false";
  } else if (json_->is_boolean()) {
    flag = json_->get<bool>();
  } else {
    expected("true or false");
  }
}

void JsonNode::value(std::string& text) {
  if (!reading()) {
    append_text(*out_, text);
  } else if (json_->is_string()) {
    text = json_->get_ref<const std::string&>();
  } else {
    expected("a string");
  }
}

void JsonNode::value(std::set<std::string>& list) {
  std::vector<std::string> items(list.begin(), list.end());
  json_detail::transfer(*this, items);
  if (reading()) list = std::set(items.begin(), items.end());
}

void JsonNode::value(std::map<std::string, std::string>& texts) {
  if (!reading()) {
    return append_list(*out_, "{}", texts, [&](const auto& text) {
      append_text(*out_, text.first);
      *out_ += ':';
      append_text(*out_, text.second);
    });
  }
  if (!json_->is_object()) expected("an object");
  texts.clear();
  for (const auto& [key, json] : json_->items()) JsonNode(json, *this, key, 0).value(texts[key]);
}

void JsonNode::keys(std::set<std::string>& names) {
  if (!reading()) {
    return append_list(*out_, "{}", names, [&](const std::string& name) {
      append_text(*out_, name);
      *out_ += ":{}";
    });
  }
  if (!json_->is_object()) expected("an object");
  names.clear();
  for (const auto& [key, unused] : json_->items()) names.insert(key);
}

void JsonNode::number(int64_t& number, int64_t least, int64_t most) {
  if (!reading()) {
    *out_ += std::to_string(number);
    return;
  }
  if (!json_->is_number_integer()) expected("a whole number");
  const bool above = json_->is_number_unsigned()
                         ? most < 0 || json_->get<uint64_t>() > static_cast<uint64_t>(most)
                         : json_->get<int64_t>() > most;
  if (above) refuse(cat(json_->dump(), " is more than ", most));
  number = json_->get<int64_t>();
  if (number < least) refuse(cat(number, " is less than ", least));
}

void JsonNode::number(uint64_t& number, uint64_t most) {
  if (!reading()) {
    *out_ += std::to_string(number);
    return;
  }
  if (!json_->is_number_integer()) expected("a whole number that is not negative");
  if (!json_->is_number_unsigned()) refuse(cat(json_->dump(), " is less than 0"));
  number = json_->get<uint64_t>();
  if (number > most) refuse(cat(number, " is more than ", most));
}

void JsonNode::choice(int& index, const char* (*name)(int)) {
  std::string text = reading() ? std::string() : name(index);
  value(text);
  for (int i = 0; name(i) != nullptr; ++i) {
    if (text != name(i)) continue;
    index = i;
    return;
  }
  refuse(cat("unknown value ", quoted(text)));
}

void JsonNode::object(JsonDescribe describe, void* value, const JsonDefaults* defaults) {
  if (reading() && !json_->is_object()) expected("an object");
  JsonMembers members(*this, defaults);
  describe(members, value);
  members.finish();
}

void JsonNode::null() {
  *out_ += "null";
}

size_t JsonNode::open_list(size_t length) {
  if (!reading()) {
    *out_ += '[';
    return length;
  }
  if (!json_->is_array()) expected("an array");
  return json_->size();
}

JsonNode JsonNode::item(size_t index) {
  if (reading()) return JsonNode((*json_)[index], *this, {}, index);
  if (index > 0) *out_ += ',';
  return JsonNode(*out_, style_);
}

void JsonNode::close_list() {
  if (!reading()) *out_ += ']';
}

void JsonMembers::keys(const char* name, std::set<std::string>& names) {
  member(
      name, Presence::optional,
      [](JsonNode& node, void* value) { node.keys(*static_cast<std::set<std::string>*>(value)); },
      &names);
}

const Json* JsonMembers::find(const char* name, Presence presence) const {
  const auto found = node_.json_->find(name);
  if (found != node_.json_->end() && (!found->is_null() || presence == Presence::required))
    return &*found;
  check(presence != Presence::required, name, "missing");
  return nullptr;
}

void JsonMembers::member(const char* name, Presence presence, json_detail::Transfer transfer,
                         void* value) {
  if (reading()) {
    if (const Json* json = find(name, presence)) {
      JsonNode child(*json, node_, name, 0);
      transfer(child, value);
    }
    return;
  }
  std::string text;
  JsonNode child(text, node_.style_);
  transfer(child, value);
  if (collected_) {
    (*collected_)[prefix_ + name] = std::move(text);
  } else {
    add(name, presence, std::move(text));
  }
}

void JsonMembers::group(const char* name, Presence presence,
                        void (*members)(JsonMembers&, const void*), const void* context) {
  const Json* json = reading() ? find(name, presence) : nullptr;
  if (reading() && !json) return;
  std::string text;
  JsonNode child = json ? JsonNode(*json, node_, name, 0) : JsonNode(text, node_.style_);
  if (json && !json->is_object()) child.expected("an object");
  JsonMembers inner(child, defaults_);
  inner.collected_ = collected_;
  inner.prefix_ = cat(prefix_, name, '.');
  members(inner, context);
  inner.finish();
  if (json || collected_) return;
  if (presence == Presence::required || text != "{}") written_.emplace_back(name, std::move(text));
}

// Null is as good as missing, so it is never written.
void JsonMembers::add(const char* name, Presence presence, std::string text) {
  if (presence == Presence::optional) {
    const auto standard = defaults_->find(prefix_ + name);
    if (text == "null" || (standard != defaults_->end() && standard->second == text)) return;
  }
  written_.emplace_back(name, std::move(text));
}

void JsonMembers::finish() {
  if (reading() || collected_) return;
  if (node_.style_ == JsonStyle::canonical) {
    std::sort(written_.begin(), written_.end(), [](const auto& one, const auto& other) {
      return std::string_view(one.first) < other.first;
    });
  }
  append_list(*node_.out_, "{}", written_, [&](const auto& member) {
    append_text(*node_.out_, member.first);
    *node_.out_ += ':';
    *node_.out_ += member.second;
  });
}

void JsonMembers::constant(const char* name, const char* text) {
  std::string value = text;
  required(name, value);
  check(value == text, name,
        cat(quoted(value.substr(0, 100)), ": only ", quoted(text), " is known"));
}

void JsonMembers::constant(const char* name, int64_t number) {
  int64_t value = number;
  required(name, value);
  check(value == number, name, cat("only ", number, " is known"));
}

void JsonMembers::check(bool good, std::string_view name, const std::string& why,
                        const std::string& hint) const {
  if (good || !reading()) return;
  if (name.empty()) node_.refuse(why, hint);
  JsonNode(*node_.json_, node_, name, 0).refuse(why, hint);
}

void JsonMembers::range(const char* name, int64_t least, int64_t most) const {
  const Json* json = reading() ? find(name, Presence::optional) : nullptr;
  int64_t unused = 0;
  if (json) JsonNode(*json, node_, name, 0).number(unused, least, most);
}

void JsonMembers::unsupported(const char* name) const {
  const Json* json = reading() ? find(name, Presence::optional) : nullptr;
  check(!json || json->empty(), name, "is not supported by mini");
}

bool JsonMembers::has(const char* name) const {
  return reading() && node_.json_->contains(name);
}

namespace json_detail {

JsonDefaults make_defaults(JsonDescribe describe, void* fresh, JsonStyle style) {
  JsonDefaults defaults;
  std::string unused;
  JsonNode node(unused, style);
  JsonMembers members(node, nullptr);
  members.collected_ = &defaults;
  describe(members, fresh);
  return defaults;
}

void read(std::string_view text, const std::string& name, size_t limit, Transfer transfer,
          void* value) {
  const Json document = parse_json(text, name, limit ? limit : kJsonLimit);
  JsonNode node(document, name);
  transfer(node, value);
}

void read_own(std::string_view text, const std::string& name, Transfer transfer, void* value) {
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) throw Error(cat(name, ": is damaged: not JSON"));
  JsonNode node(document, name);
  transfer(node, value);
}

std::string write(Transfer transfer, void* value, JsonStyle style) {
  std::string text;
  JsonNode node(text, style);
  transfer(node, value);
  if (style == JsonStyle::canonical) return text;
  return OrderedJson::parse(text).dump(2, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace json_detail
}  // namespace mini
