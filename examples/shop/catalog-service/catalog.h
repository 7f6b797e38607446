// The catalogue: products, their price and stock, and the orders that have been taken off the stock. Stock goes down exactly once per order: an event
// is written down by its id in the same transaction, and one that is there already changes nothing. `stock + sold` never changes by a sale, so
// the order-service can tell what is left from the orders that it has accepted itself, however late events are. SEED_STOCK: pieces of each of the three
// products that a new catalogue begins with, 100.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/database.h"
#include "lib/trace.h"

namespace shop {

struct Sale {
  std::string event_id, product_id, trace;  // trace: B3, single form
  int64_t quantity = 0;
  std::string broker;  // that it came through, if any
};

class Catalog {
 public:
  Catalog();
  nlohmann::json products();
  std::optional<nlohmann::json> product(const std::string& id);
  // All of them, or none when it throws; each is a CONSUMER span of the trace that it belongs to.
  void take(const Tracer& tracer, const std::vector<Sale>& sales);

 private:
  void seed();
  void take_one(Connection& connection, const Tracer& tracer, const Sale& sale);
  std::unique_ptr<Database> database_;
};

Sale parse_sale(const nlohmann::json& event);  // throws std::invalid_argument

}  // namespace shop
