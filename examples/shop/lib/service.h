// What every service is made of: routes, a SERVER span around each request, errors as JSON, the actuator, and a life from start to SIGTERM.
// A handler gets the request and the values of its pattern's {…} parts, decoded; it answers, or throws Refusal for a 4xx/5xx with a reason.
// GET /health_check, /actuator/health, /actuator/circuitbreakers and /actuator/tracing are there in all services and are not traced.
// Settings: PORT, THREADS, ZIPKIN_URL, TRACE_PROBABILITY.
#pragma once
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/http_server.h"
#include "lib/remote.h"
#include "lib/trace.h"
#include "lib/zipkin_reporter.h"

namespace shop {

struct Refusal : std::runtime_error {
  Refusal(int code, const std::string& why) : std::runtime_error(why), status(code) {}
  int status;
};

using Arguments = std::vector<std::string>;
using Action = std::function<Response(const Request&, const Arguments&)>;

class Service {
 public:
  explicit Service(std::string name);
  ~Service();
  // A part of `pattern` in braces takes one segment of the path; a last part "**" takes the rest.
  void on(const std::string& method, const std::string& pattern, Action action);
  // A remote service whose breaker the actuator shows.
  void show(const Remote& remote) { remotes_.push_back(&remote); }
  const Tracer& tracer() const { return tracer_; }
  const std::string& name() const { return name_; }
  Response answer(const Request& request);
  // Serves until SIGTERM or SIGINT. Call it once, from main; what follows it may stop other threads.
  void run();

 private:
  struct Route { std::string method; std::vector<std::string> parts; std::string pattern; Action action; };
  const Route* find(const Request& request, Arguments& arguments, bool& known_path) const;
  Response act(const Route* route, bool known_path, const Request& request, const Arguments& arguments);
  void add_actuator();

  const std::string name_;
  const uint16_t port_;
  ZipkinReporter reporter_;
  const Tracer tracer_;
  std::vector<Route> routes_;
  std::vector<const Remote*> remotes_;
};

Response json_response(int status, const nlohmann::json& body);
nlohmann::json parse_object(const Request& request);  // Refusal 400 if the body is not a JSON object
// Runs a service's main: what it throws ends on stderr with exit code 1. `--health` asks the service on this machine instead: 0 = well.
int service_main(int argc, char** argv, void (*body)());

}  // namespace shop
