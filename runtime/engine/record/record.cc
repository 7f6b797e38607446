#include "runtime/engine/record/record.h"

#include <limits>
#include <type_traits>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/engine/record/record_fields.h"

namespace mini::engine {
namespace {

template <class Enum>
constexpr const char* const* names_of();
constexpr const char* kMountTypes[] = {"bind", "volume", "tmpfs", nullptr};
constexpr const char* kRestartKinds[] = {"no", "on-failure", "always", "unless-stopped", nullptr};
constexpr const char* kStatuses[] = {"created",  "running", "paused", "restarting",
                                     "removing", "exited",  "dead",   nullptr};
template <>
constexpr const char* const* names_of<MountRequest::Type>() {
  return kMountTypes;
}
template <>
constexpr const char* const* names_of<RestartPolicy::Kind>() {
  return kRestartKinds;
}
template <>
constexpr const char* const* names_of<Status>() {
  return kStatuses;
}

template <class T>
concept Described = requires {
  Fields<T>::visit([](auto&&...) {});
};

// --- writing ---

template <class T>
Json write(const T& value);
template <class T>
Json write(const std::vector<T>& values);
template <class T>
Json write(const std::set<T>& values);
template <class A, class B>
Json write(const std::pair<A, B>& value);

template <class T>
Json write(const std::optional<T>& value) {
  return value ? write(*value) : Json();
}
template <class T>
Json write_list(const T& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(write(value));
  return out;
}
template <class T>
Json write(const std::vector<T>& values) {
  return write_list(values);
}
template <class T>
Json write(const std::set<T>& values) {
  return write_list(values);
}
template <class A, class B>
Json write(const std::pair<A, B>& value) {
  return Json::array({write(value.first), write(value.second)});
}

template <class T>
Json write(const T& value) {
  if constexpr (Described<T>) {
    static const T kDefault{};
    Json out = Json::object();
    Fields<T>::visit([&](const char* name, auto member) {
      Json field = write(value.*member);
      if (field != write(kDefault.*member)) out[name] = std::move(field);
    });
    return out;
  } else if constexpr (std::is_enum_v<T>) {
    return names_of<T>()[static_cast<int>(value)];
  } else if constexpr (std::is_same_v<T, Digest>) {
    return value.empty() ? "" : value.str();
  } else {
    return value;
  }
}

// --- reading ---

template <class T>
void read(const JsonView& view, T& value);
template <class T>
void read(const JsonView& view, std::vector<T>& values);
template <class A, class B>
void read(const JsonView& view, std::pair<A, B>& value);

template <class T>
void read(const JsonView& view, std::optional<T>& value) {
  read(view, value.emplace());
}
template <class T>
void read(const JsonView& view, std::vector<T>& values) {
  for (const JsonView& item : view.items()) read(item, values.emplace_back());
}
void read(const JsonView& view, std::set<std::string>& values) {
  for (std::string& item : view.strings()) values.insert(std::move(item));
}
void read(const JsonView& view, std::map<std::string, std::string>& values) {
  values = view.string_map();
}
template <class A, class B>
void read(const JsonView& view, std::pair<A, B>& value) {
  const std::vector<JsonView> both = view.items();
  if (both.size() != 2) throw Error(cat(view.path(), ": expected two items"));
  read(both[0], value.first);
  read(both[1], value.second);
}

template <class T>
T narrow(const JsonView& view) {
  if constexpr (std::is_same_v<T, uint64_t>) {
    return view.unsigned_integer();
  } else {
    const int64_t number = view.integer();
    if (number < std::numeric_limits<T>::min() ||
        (sizeof(T) < sizeof number &&
         number > static_cast<int64_t>(std::numeric_limits<T>::max()))) {
      throw Error(cat(view.path(), ": out of range"));
    }
    return static_cast<T>(number);
  }
}

template <class Enum>
Enum read_enum(const JsonView& view) {
  const std::string text = view.string();
  for (int i = 0; names_of<Enum>()[i] != nullptr; ++i) {
    if (text == names_of<Enum>()[i]) return static_cast<Enum>(i);
  }
  throw Error(cat(view.path(), ": unknown value ", quoted(text)));
}

template <class T>
void read(const JsonView& view, T& value) {
  if constexpr (Described<T>) {
    Fields<T>::visit([&](const char* name, auto member) {
      if (const auto field = view.find(name)) read(*field, value.*member);
    });
  } else if constexpr (std::is_enum_v<T>) {
    value = read_enum<T>(view);
  } else if constexpr (std::is_same_v<T, Digest>) {
    value = Digest::parse(view.string());
  } else if constexpr (std::is_same_v<T, bool>) {
    value = view.boolean();
  } else if constexpr (std::is_integral_v<T>) {
    value = narrow<T>(view);
  } else {
    value = view.string();
  }
}

// Not parse_json: that guards against hostile documents, and `ps` reads a thousand of our own.
Json parse_own(std::string_view json, const std::string& name) {
  Json document = Json::parse(json, nullptr, false);
  if (document.is_discarded()) throw Error(cat(name, ": is damaged: not JSON"));
  return document;
}

}  // namespace

const char* to_string(Status status) {
  return kStatuses[static_cast<int>(status)];
}

const char* to_string(RestartPolicy::Kind kind) {
  return kRestartKinds[static_cast<int>(kind)];
}

const char* to_string(MountRequest::Type type) {
  return kMountTypes[static_cast<int>(type)];
}

void leave_endpoints(State& state) {
  for (const Endpoint& endpoint : state.endpoints)
    state.last_addresses[endpoint.network] = endpoint.address;
  state.endpoints.clear();
  state.ports.clear();
  state.held_ports.clear();
}

Health after_end(Health health) {
  if (!health.status.empty()) health.status = "unhealthy";
  return health;
}

std::string cgroup_path(const Record& record) {
  const std::string& parent = record.host.cgroup_parent;
  return parent.empty() ? record.id : cat(parent, '/', record.id);
}

std::string to_json(const Record& record) {
  return canonical(write(record));
}

std::string to_json(const Health& health) {
  return canonical(write(health));
}

Record parse_record(std::string_view json, const std::string& name) {
  const Json document = parse_own(json, name);
  Record record;
  read(JsonView(document, name), record);
  if (record.id.empty()) throw Error(cat(name, ": Id: missing"));
  return record;
}

Health parse_health(std::string_view json, const std::string& name) {
  const Json document = parse_own(json, name);
  Health health;
  read(JsonView(document, name), health);
  return health;
}

}  // namespace mini::engine
