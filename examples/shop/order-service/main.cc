// order-service: POST /{userId}/orders, GET /{userId}/orders. It asks catalog-service for the product before it accepts an order (through a circuit
// breaker: 503 while that does not answer), and tells it afterwards by an event: over Kafka if KAFKA_BROKERS is set, else
// over HTTP.
#include <nlohmann/json.hpp>

#include "lib/environment.h"
#include "lib/kafka.h"
#include "lib/service.h"
#include "lib/text.h"
#include "order-service/orders.h"

namespace shop {
namespace {

using nlohmann::json;

struct Product { int64_t supply = 0, unit_price = 0; };

Product ask_catalog(Remote& catalog, const std::string& id) {
  Request request;
  request.target = "/catalogs/" + id;
  Remote::Answer answer = catalog.call(std::move(request));
  if (!answer.ok) throw Refusal(503, "the stock cannot be asked for now: " + answer.why);
  if (answer.response.status == 404) throw Refusal(400, "productId: unknown product");
  json product = json::parse(answer.response.body, nullptr, false);
  bool good = product.is_object() && product.contains("stock") && product.contains("sold") && product.contains("unitPrice");
  if (answer.response.status != 200 || !good) throw Refusal(502, "catalog-service gave no sense");
  return {product["stock"].get<int64_t>() + product["sold"].get<int64_t>(), product["unitPrice"].get<int64_t>()};
}

Response create(Orders& orders, Remote& catalog, const Request& request, const std::string& user) {
  const std::string* key = request.headers.find("Idempotency-Key");
  OrderRequest order = parse_order(user, key ? *key : "", parse_object(request));
  if (auto earlier = orders.find_by_key(order)) return json_response(201, *earlier);
  Product product = ask_catalog(catalog, order.product_id);
  if (order.unit_price == 0) order.unit_price = product.unit_price;
  return json_response(201, orders.accept(order, product.supply));
}

// Without a trace of its own: each event carries the one that it belongs to.
bool deliver(Remote& catalog, const std::vector<Event>& events) {
  Request request;
  request.method = "POST";
  request.target = "/events";
  request.headers.add("Content-Type", "application/json");
  request.headers.add("b3", "0");
  request.body = "{\"events\":[";
  for (size_t i = 0; i < events.size(); ++i) request.body += (i ? "," : "") + events[i].body;
  request.body += "]}";
  return catalog.call(std::move(request)).response.status == 200;
}

void serve() {
  Service service("order-service");
  std::chrono::milliseconds limit(env_number("TIME_LIMIT_MS", 1000, 1, 600000));
  std::string catalog_url = env_text("CATALOG_SERVICE_URL", "http://catalog-service:8000");
  Remote catalog("catalog-service", catalog_url, limit, breaker_settings_from_environment());
  Remote events("catalog-service", catalog_url, std::chrono::seconds(5));
  service.show(catalog);
  std::string brokers = env_text("KAFKA_BROKERS", "");
  auto kafka = brokers.empty() ? nullptr : std::make_unique<KafkaProducer>(brokers);
  Orders orders([&](const std::vector<Event>& batch) { return kafka ? kafka->deliver(batch) : deliver(events, batch); });
  service.on("POST", "/{userId}/orders", [&](const Request& request, const Arguments& arguments) {
    return create(orders, catalog, request, arguments[0]);
  });
  service.on("GET", "/{userId}/orders", [&](const Request&, const Arguments& arguments) {
    if (!is_identifier(arguments[0])) throw Refusal(400, "userId: not an identifier");
    return json_response(200, orders.of_user(arguments[0]));
  });
  service.on("GET", "/welcome", [](const Request&, const Arguments&) {
    return Response{200, "Welcome to the orders.", "text/plain; charset=utf-8", {}};
  });
  service.run();
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) { return shop::service_main(argc, argv, shop::serve); }
