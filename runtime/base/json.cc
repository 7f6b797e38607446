#include "runtime/base/json.h"

#include <limits>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini {
namespace {

// Before the parser sees it, because the parser and the destructor of what it makes use memory for
// each level.
void check_depth(std::string_view text, const std::string& name) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kJsonDepth) {
        throw Error(cat(name, ": more than ", kJsonDepth, " levels deep at byte ", i + 1));
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

// Two readers that pick different ones of two equal keys would see two different documents under
// one digest.
class DuplicateKeys {
 public:
  explicit DuplicateKeys(const std::string& name) : name_(name) {}

  bool operator()(Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) objects_.emplace_back();
    if (event == Json::parse_event_t::object_end) objects_.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!objects_.back().insert(key).second) {
        throw Error(cat(name_, ": the key ", quoted(key), " appears twice in one object"));
      }
    }
    return true;
  }

 private:
  const std::string& name_;
  std::vector<std::set<std::string>> objects_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: ..." -> "line 1, column 2:
// ..."
std::string_view reason(std::string_view what) {
  if (const size_t end = what.find("] "); end != std::string_view::npos)
    what.remove_prefix(end + 2);
  constexpr std::string_view kLead = "parse error at ";
  if (what.starts_with(kLead)) what.remove_prefix(kLead.size());
  return what;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& name, size_t limit) {
  if (text.size() > limit) throw Error(cat(name, ": larger than ", limit, " bytes"));
  check_depth(text, name);
  DuplicateKeys duplicates(name);
  try {
    return Json::parse(text, [&](int, Json::parse_event_t event, Json& value) {
      return duplicates(event, value);
    });
  } catch (const Json::exception& error) {
    throw Error(cat(name, ": ", printable(reason(error.what()).substr(0, 300))));
  }
}

void JsonView::expected(const char* what) const {
  throw Error(cat(path_, ": expected ", what));
}

JsonView JsonView::child(const Json& value, const std::string& key) const {
  JsonView view(value, cat(path_, inside_ ? "." : ": ", printable(key)));
  view.inside_ = true;
  return view;
}

JsonView JsonView::at(const std::string& key) const {
  if (!value_->is_object()) expected("an object");
  const auto found = value_->find(key);
  if (found == value_->end()) throw Error(cat(child(*value_, key).path_, ": missing"));
  return child(*found, key);
}

std::optional<JsonView> JsonView::find(const std::string& key) const {
  if (!value_->is_object()) expected("an object");
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return {};
  return child(*found, key);
}

std::vector<JsonView> JsonView::items() const {
  if (!value_->is_array()) expected("an array");
  std::vector<JsonView> views;
  for (const Json& item : *value_) {
    views.emplace_back(item, cat(path_, inside_ ? "[" : ": [", views.size(), ']'));
    views.back().inside_ = true;
  }
  return views;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  if (!value_->is_object()) expected("an object");
  std::vector<std::pair<std::string, JsonView>> views;
  for (const auto& [key, value] : value_->items()) views.emplace_back(key, child(value, key));
  return views;
}

std::string JsonView::string() const {
  if (!value_->is_string()) expected("a string");
  return value_->get<std::string>();
}

bool JsonView::boolean() const {
  if (!value_->is_boolean()) expected("true or false");
  return value_->get<bool>();
}

int64_t JsonView::integer() const {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  const bool too_large = value_->is_number_unsigned() && value_->get<uint64_t>() > kMax;
  if (!value_->is_number_integer() || too_large) expected("a whole number");
  return value_->get<int64_t>();
}

uint64_t JsonView::unsigned_integer() const {
  if (value_->is_number_unsigned()) return value_->get<uint64_t>();
  if (!value_->is_number_integer() || value_->get<int64_t>() < 0) {
    expected("a whole number that is not negative");
  }
  return value_->get<uint64_t>();
}

std::vector<std::string> JsonView::strings() const {
  std::vector<std::string> out;
  for (const JsonView& item : items()) out.push_back(item.string());
  return out;
}

std::string JsonView::string_or(const std::string& key, std::string fallback) const {
  const auto view = find(key);
  return view ? view->string() : std::move(fallback);
}

bool JsonView::boolean_or(const std::string& key, bool fallback) const {
  const auto view = find(key);
  return view ? view->boolean() : fallback;
}

int64_t JsonView::integer_or(const std::string& key, int64_t fallback) const {
  const auto view = find(key);
  return view ? view->integer() : fallback;
}

std::vector<std::string> JsonView::strings_or(const std::string& key) const {
  const auto view = find(key);
  return view ? view->strings() : std::vector<std::string>{};
}

std::string canonical(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mini
