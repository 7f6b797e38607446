// catalog-service: GET /catalogs, GET /catalogs/{productId}; POST /events takes the events of order-service, and so does topic
// `catalog` of Kafka if KAFKA_BROKERS is set.
#include <nlohmann/json.hpp>

#include "catalog-service/catalog.h"
#include "lib/environment.h"
#include "lib/kafka.h"
#include "lib/service.h"

namespace shop {
namespace {

using nlohmann::json;

Response take_events(Service& service, Catalog& catalog, const Request& request) {
  json body = parse_object(request);
  auto events = body.find("events");
  if (events == body.end() || !events->is_array()) throw Refusal(400, "events: not a list");
  std::vector<Sale> sales;
  try {
    for (const json& event : *events) sales.push_back(parse_sale(event));
  } catch (const std::invalid_argument& error) {
    throw Refusal(400, error.what());
  } catch (const json::exception& error) {
    throw Refusal(400, "an event has a member of the wrong type");
  }
  catalog.take(service.tracer(), sales);
  return json_response(200, {{"taken", sales.size()}});
}

// What is no event can never be taken: it is passed over, so that it does not stop those behind it.
void take_bodies(Service& service, Catalog& catalog, const std::vector<std::string>& bodies) {
  std::vector<Sale> sales;
  for (const std::string& body : bodies) {
    try {
      sales.push_back(parse_sale(json::parse(body)));
      sales.back().broker = "kafka";
    } catch (const std::exception& error) {
      std::fprintf(stderr, "an event is passed over: %s\n", error.what());
    }
  }
  catalog.take(service.tracer(), sales);
}

void serve() {
  Service service("catalog-service");
  Catalog catalog;
  std::string brokers = env_text("KAFKA_BROKERS", "");
  auto kafka = brokers.empty() ? nullptr : std::make_unique<KafkaConsumer>(brokers, [&](const std::vector<std::string>& bodies) {
    take_bodies(service, catalog, bodies);
  });
  service.on("GET", "/catalogs", [&](const Request&, const Arguments&) { return json_response(200, catalog.products()); });
  service.on("GET", "/catalogs/{productId}", [&](const Request&, const Arguments& arguments) {
    auto product = catalog.product(arguments[0]);
    if (!product) throw Refusal(404, "no such product");
    return json_response(200, *product);
  });
  service.on("POST", "/events", [&](const Request& request, const Arguments&) {
    return take_events(service, catalog, request);
  });
  service.run();
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) { return shop::service_main(argc, argv, shop::serve); }
