#include "cmd/template/value.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mini::templates {
namespace {

// Members that are maps in docker's API; all other objects with Go names in them are structs.
constexpr std::string_view kMaps =
    " Labels ExposedPorts Volumes Ports PortBindings Networks Options Sysctls Tmpfs Annotations "
    "StorageOpt DriverOpts Data Containers AuxAddress Runtimes IndexConfigs Details Status "
    "EndpointsConfig ";
// Members that are lists there, so that null is an empty one.
constexpr std::string_view kLists =
    " Cmd Entrypoint Env OnBuild Binds VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch "
    "ExtraHosts GroupAdd Links SecurityOpt Devices DeviceRequests DeviceCgroupRules Ulimits "
    "BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps "
    "BlkioDeviceWriteIOps MaskedPaths ReadonlyPaths ExecIDs Mounts Shell RepoTags RepoDigests "
    "Aliases DNSNames Layers Args Test Log SecondaryIPAddresses SecondaryIPv6Addresses Config "
    "Peers Warnings ";
// Members that docker leaves out when they are empty, and that a template may ask for all the same.
constexpr std::string_view kOptional =
    " Health Healthcheck SizeRw SizeRootFs Init StopTimeout ExposedPorts Shell Tmpfs StorageOpt "
    "Annotations Mounts Sysctls ";

// Nanoseconds, which Go prints as a duration.
constexpr std::string_view kDurations = " Interval Timeout StartPeriod StartInterval ";

bool contains(std::string_view names, const std::string& name) {
  return !name.empty() && names.find(cat(' ', name, ' ')) != names.npos;
}

bool is_go_name(const std::string& name) {
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

bool has_go_names(const Json& object) {
  for (const auto& item : object.items())
    if (!is_go_name(item.key())) return false;
  return true;
}

bool is_map(const Value& value) {
  if (contains(kMaps, value.member)) return true;
  return value.data().is_object() && !has_go_names(value.data());
}

std::string number_text(const Json& number) {
  if (!number.is_number_float()) return number.dump();
  const double value = number.get<double>();
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  // %v is %g with the shortest digits, and exponents from 21 on.
  std::array<char, 64> buffer{};
  const double size = std::abs(value);
  const bool exponent = size != 0 && (size < 1e-4 || size >= 1e21);
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed);
  return {buffer.data(), end.ptr};
}

// time.Duration: "1h0m5s", "1.5ms".
std::string duration_text(const Json& number) {
  const auto ns = number.get<int64_t>();
  const uint64_t size = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  const auto fraction = [](uint64_t value, uint64_t unit) {
    std::string digits = std::to_string(value % unit + unit).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    return cat(value / unit, digits.empty() ? "" : ".", digits);
  };
  const std::string sign = ns < 0 ? "-" : "";
  if (size == 0) return "0s";
  if (size < 1'000) return cat(sign, size, "ns");
  if (size < 1'000'000) return cat(sign, fraction(size, 1'000), "µs");
  if (size < 1'000'000'000) return cat(sign, fraction(size, 1'000'000), "ms");
  constexpr uint64_t kMinute = 60'000'000'000, kHour = 60 * kMinute;
  const std::string seconds = cat(fraction(size % kMinute, 1'000'000'000), "s");
  if (size < kMinute) return cat(sign, seconds);
  const std::string minutes = cat(size % kHour / kMinute, "m", seconds);
  return size < kHour ? cat(sign, minutes) : cat(sign, size / kHour, "h", minutes);
}

// JSON escapes control bytes itself, but neither DEL nor the controls and direction marks beyond
// ASCII. Line breaks are its own.
bool is_printable_json(const std::string& text) {
  for (const std::string& line : split(text, '\n'))
    if (printable(line) != line) return false;
  return true;
}

[[noreturn]] void incomparable(const char* what) {
  throw Error(what, "", ErrorKind::usage);
}

}  // namespace

Value::Value() : Value(Json(nullptr)) {}
Value::Value(Json json) : data_(std::make_shared<const Json>(std::move(json))) {}
Value::Value(const Value& whole, const Json& part) : data_(whole.data_, &part) {}

Value Value::absent() {
  Value value;
  value.is_absent = true;
  return value;
}

Type Value::type() const {
  if (is_absent) return Type::none;
  switch (data().type()) {
    case Json::value_t::boolean:
      return Type::boolean;
    case Json::value_t::string:
      return Type::text;
    case Json::value_t::array:
      return Type::list;
    case Json::value_t::object:
      return is_map(*this) ? Type::map : Type::structure;
    case Json::value_t::null:
      return contains(kMaps, member)    ? Type::map
             : contains(kLists, member) ? Type::list
                                        : Type::nil;
    default:
      return Type::number;
  }
}

Value member_of(const Value& object, const std::string& name) {
  if (!object.data().is_object() || !object.data().contains(name)) {
    Value value = Value::absent();
    value.is_absent = object.type() != Type::structure || !contains(kOptional, name);
    value.member = name;
    return value;
  }
  Value value(object, object.data()[name]);
  if (object.type() == Type::structure) value.member = name;
  // The one member whose name has two meanings: LogConfig.Config is a map.
  if (name == "Config" && object.data().contains("Type")) value.member = "Options";
  return value;
}

Value element_of(const Value& list, size_t at) {
  return {list, list.data()[at]};
}

bool is_true(const Value& value) {
  const Json& data = value.data();
  switch (value.type()) {
    case Type::none:
    case Type::nil:
      return false;
    case Type::boolean:
      return data.get<bool>();
    case Type::number:
      return data != 0;
    case Type::text:
      return !data.get_ref<const std::string&>().empty();
    case Type::structure:
      return true;
    default:
      return !data.empty();
  }
}

std::vector<std::string> sorted_keys(const Json& object) {
  std::vector<std::string> keys;
  if (object.is_object())
    for (const auto& item : object.items()) keys.push_back(item.key());
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::string text_of(const Value& value) {
  std::vector<std::string> parts;
  switch (value.type()) {
    case Type::none:
      return "<no value>";
    case Type::nil:
      return "<nil>";
    case Type::boolean:
      return value.data().get<bool>() ? "true" : "false";
    case Type::number:
      if (contains(kDurations, value.member)) return duration_text(value.data());
      return number_text(value.data());
    case Type::text:
      return value.data().get<std::string>();
    case Type::list:
      for (size_t i = 0; i < value.data().size(); ++i)
        parts.push_back(text_of(element_of(value, i)));
      return cat("[", join(parts, " "), "]");
    case Type::map:
      for (const std::string& key : sorted_keys(value.data()))
        parts.push_back(cat(key, ":", text_of(member_of(value, key))));
      return cat("map[", join(parts, " "), "]");
    case Type::structure:
      break;
  }
  for (const auto& item : value.data().items())
    parts.push_back(text_of(member_of(value, item.key())));
  return cat("{", join(parts, " "), "}");
}

std::string go_type(const Value& value) {
  const auto inner = [&]() -> std::string {
    return value.data().empty() ? "string" : go_type(Value(*value.data().begin()));
  };
  switch (value.type()) {
    case Type::none:
    case Type::nil:
      return "<nil>";
    case Type::boolean:
      return "bool";
    case Type::number:
      return value.data().is_number_float() ? "float64" : "int";
    case Type::text:
      return "string";
    case Type::list:
      return "[]" + inner();
    case Type::map:
      return "map[string]" + inner();
    case Type::structure:
      break;
  }
  return "struct";
}

bool same(const Value& a, const Value& b) {
  const Type left = a.type(), right = b.type();
  const auto empty = [](Type type) { return type == Type::none || type == Type::nil; };
  if (empty(left) || empty(right)) return empty(left) == empty(right);
  if (left != right || a.data().is_number_float() != b.data().is_number_float())
    incomparable("incompatible types for comparison");
  if (left == Type::list || left == Type::map) incomparable("non-comparable type");
  return a.data() == b.data();
}

bool less(const Value& a, const Value& b) {
  const Type left = a.type();
  if (left != Type::number && left != Type::text) incomparable("invalid type for comparison");
  if (left != b.type() || a.data().is_number_float() != b.data().is_number_float())
    incomparable("incompatible types for comparison");
  return a.data() < b.data();
}

std::string json_text(const Json& value, int indent) {
  const std::string text = value.dump(indent, ' ', false, Json::error_handler_t::replace);
  if (is_printable_json(text)) return text;
  return value.dump(indent, ' ', true, Json::error_handler_t::replace);
}

}  // namespace mini::templates
