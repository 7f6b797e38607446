// gateway: the services' paths on one port: /user-service/**, /order-service/** and /catalog-service/** go to the service without that first part.
// It passes on method, body, Content-Type, Accept and Idempotency-Key, and answers 502, or 504 when time is up, for a service that does not answer.
#include <nlohmann/json.hpp>

#include "lib/environment.h"
#include "lib/service.h"

namespace shop {
namespace {

Response pass_on(Remote& remote, const Request& request, size_t prefix) {
  Request inner;
  inner.method = request.method;
  inner.target = request.target.substr(prefix);
  if (inner.target.empty() || inner.target[0] != '/') inner.target.insert(0, "/");
  for (const char* name : {"Content-Type", "Accept", "Idempotency-Key"}) {
    if (const std::string* value = request.headers.find(name)) inner.headers.add(name, *value);
  }
  inner.body = request.body;
  Remote::Answer answer = remote.call(std::move(inner));
  if (answer.response.status == 0) throw Refusal(answer.timed_out ? 504 : 502, remote.service() + " does not answer");
  Response response;
  response.status = answer.response.status;
  response.body = std::move(answer.response.body);
  response.content_type = answer.response.content_type;
  return response;
}

void serve() {
  Service service("gateway");
  std::chrono::milliseconds limit(env_number("TIME_LIMIT_MS", 5000, 1, 600000));
  struct Target { const char *name, *variable, *url; };
  std::vector<std::unique_ptr<Remote>> remotes;
  for (const Target& target : {Target{"user-service", "USER_SERVICE_URL", "http://user-service:8000"},
                               Target{"order-service", "ORDER_SERVICE_URL", "http://order-service:8000"},
                               Target{"catalog-service", "CATALOG_SERVICE_URL", "http://catalog-service:8000"}}) {
    remotes.push_back(std::make_unique<Remote>(target.name, env_text(target.variable, target.url), limit));
    Remote& remote = *remotes.back();
    std::string prefix = "/" + std::string(target.name);
    service.on("*", prefix + "/**", [&remote, size = prefix.size()](const Request& request, const Arguments&) {
      return pass_on(remote, request, size);
    });
  }
  service.run();
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) { return shop::service_main(argc, argv, shop::serve); }
