#include "src/span.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "src/address.h"

namespace tracing {
namespace {

using Json = nlohmann::json;

constexpr std::pair<Kind, const char*> kKinds[] = {{Kind::client, "CLIENT"},
                                                   {Kind::server, "SERVER"},
                                                   {Kind::producer, "PRODUCER"},
                                                   {Kind::consumer, "CONSUMER"}};

[[noreturn]] void bad(std::string_view field, std::string_view what) {
  throw BadInput(std::string(field) + ": " + std::string(what));
}

// Text that came from outside, short enough for a message.
std::string excerpt(std::string_view text) {
  return text.size() <= 40 ? std::string(text) : std::string(text.substr(0, 40)) + "...";
}

// The number of leading zeros.
size_t check_hex(std::string_view field, std::string_view id, size_t longest) {
  if (id.empty()) bad(field, "is empty");
  if (id.size() > longest) bad(field, "is longer than " + std::to_string(longest) + " digits");
  if (id.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    bad(field, "\"" + excerpt(id) + "\" is not lower-case hexadecimal");
  }
  return std::min(id.find_first_not_of('0'), id.size());
}

std::string padded(std::string_view id, size_t digits) {
  return std::string(digits - std::min(digits, id.size()), '0') + std::string(id);
}

std::string text_of(std::string_view field, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  bad(field, std::string("must be a string, not ") + value.type_name());
}

int64_t number_of_text(std::string_view field, const std::string& text) {
  size_t used = 0;
  try {
    int64_t number = std::stoll(text, &used);
    if (used == text.size()) return number;
  } catch (const std::logic_error&) {
  }
  bad(field, "\"" + excerpt(text) + "\" is not a 64-bit whole number");
}

int64_t number_of(std::string_view field, const Json& value) {
  if (value.is_number_unsigned()) {
    auto number = value.get<uint64_t>();
    if (number <= INT64_MAX) return static_cast<int64_t>(number);
  } else if (value.is_number_integer()) {
    return value.get<int64_t>();
  } else if (value.is_number_float()) {
    double number = value.get<double>();
    if (number > -9e18 && number < 9e18 && number == static_cast<double>(static_cast<int64_t>(number))) {
      return static_cast<int64_t>(number);
    }
  } else if (value.is_string()) {
    return number_of_text(field, value.get_ref<const std::string&>());
  }
  bad(field, "must be a 64-bit whole number");
}

bool flag_of(std::string_view field, const Json& value) {
  if (!value.is_boolean()) bad(field, "must be true or false");
  return value.get<bool>();
}

Kind kind_of(const Json& value) {
  std::string name = text_of("kind", value);
  for (auto [kind, text] : kKinds) {
    if (name == text) return kind;
  }
  bad("kind", "\"" + excerpt(name) + "\" is none of CLIENT, SERVER, PRODUCER, CONSUMER");
}

Endpoint endpoint_of(std::string_view field, const Json& value) {
  if (!value.is_object()) bad(field, "must be an object");
  Endpoint endpoint;
  for (const auto& [key, item] : value.items()) {
    if (item.is_null()) continue;
    if (key == "serviceName") {
      endpoint.service = lower(text_of("serviceName", item));
    } else if (key == "ipv4" || key == "ipv6") {
      read_address(text_of(key, item), endpoint);
    } else if (key == "port") {
      int64_t port = number_of("port", item);
      if (port > 65535) bad("port", std::to_string(port) + " is above 65535");
      endpoint.port = static_cast<int>(std::max<int64_t>(port, 0));
    }
  }
  return endpoint;
}

std::vector<Annotation> annotations_of(const Json& value) {
  if (!value.is_array()) bad("annotations", "must be a list");
  std::vector<Annotation> annotations;
  for (const Json& item : value) {
    if (!item.is_object() || !item.contains("timestamp") || !item.contains("value")) {
      bad("annotations", "each needs a timestamp and a value");
    }
    annotations.push_back({number_of("annotation timestamp", item["timestamp"]),
                           text_of("annotation value", item["value"])});
  }
  return annotations;
}

std::map<std::string, std::string> tags_of(const Json& value) {
  if (!value.is_object()) bad("tags", "must be an object");
  std::map<std::string, std::string> tags;
  for (const auto& [key, item] : value.items()) tags[key] = text_of("tag \"" + excerpt(key) + "\"", item);
  return tags;
}

std::string parent_of(const Json& value) {
  std::string id = text_of("parentId", value);
  return check_hex("parentId", id, 16) == id.size() ? "" : padded(id, 16);
}

void set_field(Span& span, const std::string& key, const Json& value) {
  if (key == "traceId") {
    span.trace_id = normal_trace_id(text_of(key, value));
  } else if (key == "id") {
    span.id = text_of(key, value);
    if (check_hex("id", span.id, 16) == span.id.size()) bad("id", "is all zeros");
    span.id = padded(span.id, 16);
  } else if (value.is_null()) {
    return;
  } else if (key == "parentId") {
    span.parent_id = parent_of(value);
  } else if (key == "kind") {
    span.kind = kind_of(value);
  } else if (key == "name") {
    span.name = lower(text_of(key, value));
  } else if (key == "timestamp") {
    span.timestamp = std::max<int64_t>(number_of(key, value), 0);
  } else if (key == "duration") {
    span.duration = std::max<int64_t>(number_of(key, value), 0);
  } else if (key == "localEndpoint") {
    span.local = endpoint_of(key, value);
  } else if (key == "remoteEndpoint") {
    span.remote = endpoint_of(key, value);
  } else if (key == "annotations") {
    span.annotations = annotations_of(value);
  } else if (key == "tags") {
    span.tags = tags_of(value);
  } else if (key == "debug") {
    span.debug = flag_of(key, value);
  } else if (key == "shared") {
    span.shared = flag_of(key, value);
  }
}

Span span_of(const Json& value) {
  Span span;
  for (const auto& [key, item] : value.items()) set_field(span, key, item);
  if (span.trace_id.empty()) bad("traceId", "is missing");
  if (span.id.empty()) bad("id", "is missing");
  normalize(span);
  return span;
}

// The text of a JSON string with its quotes. JSON that was parsed is valid UTF-8, so dump() cannot throw.
std::string quoted(const std::string& text) { return Json(text).dump(); }

void put_text(std::string& out, const char* key, const std::string& value) {
  if (!value.empty()) out.append(",\"").append(key).append("\":").append(quoted(value));
}

void put_number(std::string& out, const char* key, int64_t value) {
  if (value != 0) out.append(",\"").append(key).append("\":").append(std::to_string(value));
}

void put_endpoint(std::string& out, const char* key, const Endpoint& endpoint) {
  if (endpoint.empty()) return;
  std::string fields;
  put_text(fields, "serviceName", endpoint.service);
  put_text(fields, "ipv4", endpoint.ipv4);
  put_text(fields, "ipv6", endpoint.ipv6);
  put_number(fields, "port", endpoint.port);
  out.append(",\"").append(key).append("\":{").append(fields, 1).append("}");
}

void put_annotations(std::string& out, const std::vector<Annotation>& annotations) {
  if (annotations.empty()) return;
  char separator = '[';
  out.append(",\"annotations\":");
  for (const Annotation& item : annotations) {
    out.push_back(separator);
    out.append("{\"timestamp\":").append(std::to_string(item.timestamp));
    out.append(",\"value\":").append(quoted(item.value)).append("}");
    separator = ',';
  }
  out.push_back(']');
}

void put_tags(std::string& out, const std::map<std::string, std::string>& tags) {
  if (tags.empty()) return;
  char separator = '{';
  out.append(",\"tags\":");
  for (const auto& [key, value] : tags) {
    out.push_back(separator);
    out.append(quoted(key)).append(":").append(quoted(value));
    separator = ',';
  }
  out.push_back('}');
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string normal_trace_id(std::string_view id) {
  size_t zeros = check_hex("traceId", id, 32);
  if (zeros == id.size()) bad("traceId", "is all zeros");
  if (id.size() <= 16) return padded(id, 16);
  std::string full = padded(id, 32);
  return full.find_first_not_of('0') >= 16 ? full.substr(16) : full;
}

std::string_view low_trace_id(std::string_view normal_id) {
  return normal_id.size() > 16 ? normal_id.substr(normal_id.size() - 16) : normal_id;
}

void normalize(Span& span) {
  if (span.parent_id == span.id) span.parent_id.clear();
  if (span.kind == Kind::client) span.shared = false;
  auto& list = span.annotations;
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

std::vector<Span> parse_spans(std::string_view json_list) {
  std::vector<Span> spans;
  // Each span is taken when its object ends and not kept as JSON: memory stays that of one span's tree.
  auto take = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if (depth == 0 && (event == Event::object_start || event == Event::value)) {
      throw BadInput("the body must be a JSON list of spans");
    }
    if (depth == 1 && (event == Event::array_start || event == Event::value)) {
      throw BadInput("span " + std::to_string(spans.size()) + ": must be an object");
    }
    if (depth != 1 || event != Event::object_end) return true;
    try {
      spans.push_back(span_of(value));
    } catch (const BadInput& error) {
      throw BadInput("span " + std::to_string(spans.size()) + ": " + error.what());
    }
    return false;
  };
  try {
    [[maybe_unused]] Json rest = Json::parse(json_list, take);
  } catch (const Json::parse_error& error) {
    throw BadInput("not JSON: error at byte " + std::to_string(error.byte));
  }
  return spans;
}

Span parse_span(std::string_view json_object) { return span_of(Json::parse(json_object)); }

std::string to_json(const Span& span) {
  std::string out = "{\"traceId\":\"" + span.trace_id + '"';
  put_text(out, "parentId", span.parent_id);
  put_text(out, "id", span.id);
  for (auto [kind, text] : kKinds) {
    if (kind == span.kind) put_text(out, "kind", text);
  }
  put_text(out, "name", span.name);
  put_number(out, "timestamp", span.timestamp);
  put_number(out, "duration", span.duration);
  put_endpoint(out, "localEndpoint", span.local);
  put_endpoint(out, "remoteEndpoint", span.remote);
  put_annotations(out, span.annotations);
  put_tags(out, span.tags);
  if (span.debug) out.append(",\"debug\":true");
  if (span.shared) out.append(",\"shared\":true");
  out.push_back('}');
  return out;
}

}  // namespace tracing
