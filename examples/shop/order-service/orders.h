// Orders: accepted only while there is stock, kept with the event that tells catalog-service of them in one transaction. What may still be sold is the
// catalogue's `stock + sold` less what has been accepted here, checked under a lock in that transaction, so that no two orders get the last piece
// however late the events are. An order that comes again with the same Idempotency-Key of the same user is the first one, not a second.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lib/database.h"
#include "lib/outbox.h"

namespace shop {

struct OrderRequest {
  std::string user_id, product_id, key;  // key: Idempotency-Key, or empty
  int64_t quantity = 0, unit_price = 0;  // price 0: the catalogue's
};

// Refusal 400 with the reason.
OrderRequest parse_order(const std::string& user, const std::string& key, const nlohmann::json& body);

class Orders {
 public:
  explicit Orders(Outbox::Deliver deliver);
  std::optional<nlohmann::json> find_by_key(const OrderRequest& request);
  // `supply`: pieces that the catalogue has and has sold. Refusal 409 if they do not suffice.
  nlohmann::json accept(const OrderRequest& request, int64_t supply);
  nlohmann::json of_user(const std::string& user);

 private:
  void reserve(Connection& connection, const OrderRequest& request, int64_t supply);
  void add_event(Connection& connection, const Row& order);

  std::unique_ptr<Database> database_;
  std::unique_ptr<Outbox> outbox_;
};

}  // namespace shop
