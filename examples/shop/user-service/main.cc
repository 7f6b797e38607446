// user-service: POST /users, GET /users, GET /users/{userId} with the user's orders, POST /login, GET /welcome.
// The orders come from order-service through the circuit breaker; while it does not answer, a user has an empty list of orders and the answer is 200.
#include <nlohmann/json.hpp>

#include "lib/environment.h"
#include "lib/service.h"
#include "lib/text.h"
#include "user-service/users.h"

namespace shop {
namespace {

using nlohmann::json;

json orders_of(Remote& orders, const std::string& user) {
  Request request;
  request.target = "/" + user + "/orders";
  Remote::Answer answer = orders.call(std::move(request));
  if (!answer.ok || answer.response.status != 200) return json::array();
  json list = json::parse(answer.response.body, nullptr, false);
  return list.is_array() ? list : json::array();
}

Response get_user(Users& users, Remote& orders, const std::string& id) {
  if (!is_identifier(id)) throw Refusal(404, "no such user");
  auto user = users.find(id);
  if (!user) throw Refusal(404, "no such user");
  (*user)["orders"] = orders_of(orders, id);
  return json_response(200, *user);
}

Response login(Users& users, const Request& request) {
  json body = parse_object(request);
  auto email = body.find("email"), password = body.contains("pwd") ? body.find("pwd") : body.find("password");
  bool there = email != body.end() && password != body.end() && email->is_string() && password->is_string();
  if (!there) throw Refusal(400, "login needs email and pwd");
  auto user = users.login(*email, *password);
  if (!user) throw Refusal(401, "wrong e-mail or password");
  return json_response(200, *user);
}

void serve() {
  Service service("user-service");
  Users users;
  std::chrono::milliseconds limit(env_number("TIME_LIMIT_MS", 1000, 1, 600000));
  Remote orders("order-service", env_text("ORDER_SERVICE_URL", "http://order-service:8000"), limit,
                breaker_settings_from_environment());
  service.show(orders);
  service.on("POST", "/users", [&](const Request& request, const Arguments&) {
    return json_response(201, users.create(parse_object(request)));
  });
  service.on("GET", "/users", [&](const Request&, const Arguments&) { return json_response(200, users.all()); });
  service.on("GET", "/users/{userId}", [&](const Request&, const Arguments& arguments) {
    return get_user(users, orders, arguments[0]);
  });
  service.on("POST", "/login", [&](const Request& request, const Arguments&) { return login(users, request); });
  service.on("GET", "/welcome", [greeting = env_text("GREETING", "Welcome to the shop.")](const Request&, const Arguments&) {
    return Response{200, greeting, "text/plain; charset=utf-8", {}};
  });
  service.run();
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) { return shop::service_main(argc, argv, shop::serve); }
