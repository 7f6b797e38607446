#include "lib/service.h"

#include <malloc.h>
#include <signal.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "lib/database.h"
#include "lib/environment.h"
#include "lib/http_client.h"
#include "lib/text.h"

namespace shop {
namespace {

using nlohmann::json;

uint16_t port_setting() { return static_cast<uint16_t>(env_number("PORT", 8000, 1, 65535)); }

std::string decode(std::string_view text) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool escaped = text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                   std::isxdigit(static_cast<unsigned char>(text[i + 2]));
    out += escaped ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escaped) i += 2;
  }
  return out;
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path, Arguments& arguments) {
  bool open = !pattern.empty() && pattern.back() == "**";
  if (open ? path.size() + 1 < pattern.size() : path.size() != pattern.size()) return false;
  arguments.clear();
  for (size_t i = 0; i + (open ? 1 : 0) < pattern.size(); ++i) {
    if (pattern[i][0] == '{') {
      arguments.push_back(decode(path[i]));
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

void block_signals(sigset_t& set) {
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int ask_health() {
  try {
    HttpClient client({"127.0.0.1", port_setting(), ""});
    Request request;
    request.target = "/health_check";
    return client.send(request, Clock::now() + std::chrono::seconds(2)).status == 200 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace

Service::Service(std::string name)
    : name_(std::move(name)), port_(port_setting()),
      reporter_(env_text("ZIPKIN_URL", ""), name_, port_),
      tracer_(env_fraction("TRACE_PROBABILITY", 1.0), [this](Span&& span) { reporter_.add(std::move(span)); }) {
  add_actuator();
}

Service::~Service() = default;

void Service::on(const std::string& method, const std::string& pattern, Action action) {
  std::vector<std::string> parts;
  for (std::string_view part : segments(pattern)) parts.emplace_back(part);
  routes_.push_back({method, parts, pattern, std::move(action)});
}

void Service::add_actuator() {
  auto well = [](const Request&, const Arguments&) { return json_response(200, {{"status", "UP"}}); };
  on("GET", "/health_check", well);
  on("GET", "/actuator/health", well);
  on("GET", "/actuator/circuitbreakers", [this](const Request&, const Arguments&) {
    json all = json::object();
    for (const Remote* remote : remotes_) {
      if (remote->breaker()) all[remote->service()] = remote->breaker()->to_json();
    }
    return json_response(200, {{"circuitBreakers", all}});
  });
  on("GET", "/actuator/tracing", [this](const Request&, const Arguments&) {
    return json_response(200, {{"spansSent", reporter_.sent()}, {"spansDropped", reporter_.dropped()}});
  });
}

const Service::Route* Service::find(const Request& request, Arguments& arguments, bool& known_path) const {
  auto path = segments(request.path());
  for (const Route& route : routes_) {
    if (!matches(route.parts, path, arguments)) continue;
    known_path = true;
    if (route.method == request.method || route.method == "*") return &route;
  }
  return nullptr;
}

Response Service::answer(const Request& request) {
  Arguments arguments;
  bool known_path = false;
  const Route* route = find(request, arguments, known_path);
  bool quiet = route && (route->pattern == "/health_check" || route->parts[0] == "actuator");
  if (quiet) return act(route, known_path, request, arguments);
  std::string name = lower(request.method) + (route ? " " + route->pattern : "");
  ScopedSpan span(tracer_, SpanKind::server, name, b3_of(request.headers));
  span.tag("http.method", request.method);
  span.tag("http.path", std::string(request.path()));
  Response response = act(route, known_path, request, arguments);
  if (response.status < 200 || response.status > 299) span.tag("http.status_code", std::to_string(response.status));
  if (response.status >= 500) span.tag("error", std::to_string(response.status));
  return response;
}

Response Service::act(const Route* route, bool known_path, const Request& request, const Arguments& arguments) {
  try {
    if (!route) throw Refusal(known_path ? 405 : 404, known_path ? "method not allowed here" : "no such resource");
    return route->action(request, arguments);
  } catch (const Refusal& refusal) {
    return json_response(refusal.status, {{"error", refusal.what()}});
  } catch (const DatabaseError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return json_response(503, {{"error", "the database does not answer"}});
  }
}

void Service::run() {
  sigset_t signals;
  block_signals(signals);
  ServerSettings settings;
  settings.port = port_;
  settings.threads = static_cast<int>(env_number("THREADS", settings.threads, 1, 256));
  HttpServer server(settings, [this](const Request& request) { return answer(request); });
  server.start();
  std::fprintf(stderr, "%s listens on port %d\n", name_.c_str(), port_);
  int signal = 0;
  ::sigwait(&signals, &signal);
  std::fprintf(stderr, "%s stops\n", name_.c_str());
  server.stop();
}

Response json_response(int status, const json& body) {
  Response response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return response;
}

json parse_object(const Request& request) {
  json body = json::parse(request.body, nullptr, false);
  if (body.is_discarded()) throw Refusal(400, "the body is not JSON");
  if (!body.is_object()) throw Refusal(400, "the body is not a JSON object");
  return body;
}

int service_main(int argc, char** argv, void (*body)()) {
  if (argc == 2 && std::string_view(argv[1]) == "--health") return ask_health();
  // One arena for all threads: the memory of a service stays small, and its threads mostly wait.
  ::mallopt(M_ARENA_MAX, 2);
  sigset_t signals;
  block_signals(signals);
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace shop
