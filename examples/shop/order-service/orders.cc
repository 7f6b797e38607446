#include "order-service/orders.h"

#include <nlohmann/json.hpp>

#include "lib/environment.h"
#include "lib/service.h"
#include "lib/text.h"
#include "lib/trace.h"

namespace shop {
namespace {

using nlohmann::json;

const char* const kColumns = "SELECT order_id, user_id, product_id, qty, unit_price, created FROM orders";
constexpr int64_t kMost = 1000000000;

int64_t number_of(const json& body, const char* key, int64_t least) {
  const json& value = body.at(key);
  bool whole = value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{kMost});
  if (!whole) throw Refusal(400, std::string(key) + ": not a whole number up to " + std::to_string(kMost));
  int64_t number = value.get<int64_t>();
  if (number < least) throw Refusal(400, std::string(key) + ": must be at least " + std::to_string(least));
  return number;
}

json to_json(const Row& row) {
  return {{"orderId", text(row, 0)},     {"productId", text(row, 2)},
          {"qty", number(row, 3)},       {"unitPrice", number(row, 4)},
          {"totalPrice", number(row, 3) * number(row, 4)}, {"createdAt", iso_time(number(row, 5))}};
}

std::string whole_key(const OrderRequest& request) { return request.user_id + "/" + request.key; }

}  // namespace

OrderRequest parse_order(const std::string& user, const std::string& key, const json& body) {
  OrderRequest request;
  if (!is_identifier(user)) throw Refusal(400, "userId: not an identifier");
  if (!key.empty() && !is_identifier(key)) throw Refusal(400, "Idempotency-Key: not an identifier");
  auto product = body.find("productId");
  if (product == body.end() || !product->is_string() || !is_identifier(*product)) {
    throw Refusal(400, "productId: missing or not an identifier");
  }
  if (!body.contains("qty")) throw Refusal(400, "qty: missing");
  request.user_id = user;
  request.key = key;
  request.product_id = *product;
  request.quantity = number_of(body, "qty", 1);
  if (body.contains("unitPrice")) request.unit_price = number_of(body, "unitPrice", 1);
  return request;
}

Orders::Orders(Outbox::Deliver deliver) {
  auto schema = Outbox::schema();
  schema.insert(schema.end(), {
      "CREATE TABLE IF NOT EXISTS orders (order_id VARCHAR(64) PRIMARY KEY, idempotency VARCHAR(140) NOT NULL UNIQUE, "
      "user_id VARCHAR(64) NOT NULL, product_id VARCHAR(64) NOT NULL, qty BIGINT NOT NULL, unit_price BIGINT NOT NULL, "
      "created BIGINT NOT NULL)",
      "CREATE INDEX IF NOT EXISTS orders_of_user ON orders (user_id, created)",
      "CREATE TABLE IF NOT EXISTS accepted (product_id VARCHAR(64) PRIMARY KEY, qty BIGINT NOT NULL)"});
  database_ = open_database("order.db", schema);
  outbox_ = std::make_unique<Outbox>(*database_, std::move(deliver));
}

std::optional<json> Orders::find_by_key(const OrderRequest& request) {
  if (request.key.empty()) return std::nullopt;
  auto rows = database_->read(std::string(kColumns) + " WHERE idempotency = ?", {whole_key(request)});
  if (rows.empty()) return std::nullopt;
  if (text(rows[0], 2) != request.product_id || number(rows[0], 3) != request.quantity) {
    throw Refusal(422, "Idempotency-Key: used before for another order");
  }
  return to_json(rows[0]);
}

json Orders::accept(const OrderRequest& request, int64_t supply) {
  std::string id = random_id(32);
  Row order{id, request.user_id, request.product_id, request.quantity, request.unit_price, now_micros()};
  std::string key = request.key.empty() ? id : whole_key(request);
  try {
    database_->transaction([&](Connection& connection) {
      reserve(connection, request, supply);
      Row values = order;
      values.emplace_back(key);
      database_->run(connection, "INSERT INTO orders (order_id, user_id, product_id, qty, unit_price, created, idempotency) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?)", values);
      add_event(connection, order);
    });
  } catch (const DuplicateKey&) {
    // The same request at the same time: the other one has won, and its order is the answer to both.
    if (auto first = find_by_key(request)) return *first;
    throw;
  }
  outbox_->wake();
  return to_json(order);
}

// The update takes the row's lock before the sum is read, in SQLite and in MariaDB.
void Orders::reserve(Connection& connection, const OrderRequest& request, int64_t supply) {
  database_->run(connection, "UPDATE accepted SET qty = qty + ? WHERE product_id = ?", {request.quantity, request.product_id});
  auto rows = database_->run(connection, "SELECT qty FROM accepted WHERE product_id = ?", {request.product_id});
  int64_t taken = rows.empty() ? request.quantity : number(rows[0], 0);
  if (taken > supply) {
    throw Refusal(409, "qty: only " + std::to_string(std::max<int64_t>(0, supply - taken + request.quantity)) + " in stock");
  }
  if (rows.empty()) {
    database_->run(connection, "INSERT INTO accepted (product_id, qty) VALUES (?, ?)", {request.product_id, request.quantity});
  }
}

void Orders::add_event(Connection& connection, const Row& order) {
  ScopedSpan span(SpanKind::producer, "send order", env_text("KAFKA_BROKERS", "").empty() ? "" : "kafka");
  span.tag("event.id", text(order, 0));
  json event = to_json(order);
  event["eventId"] = text(order, 0);
  event["userId"] = text(order, 1);
  event["b3"] = b3_text(span.context());
  outbox_->add(connection, {text(order, 0), event.dump()});
}

json Orders::of_user(const std::string& user) {
  json all = json::array();
  auto rows = database_->read(std::string(kColumns) + " WHERE user_id = ? ORDER BY created, order_id LIMIT 1000", {user});
  for (const Row& row : rows) all.push_back(to_json(row));
  return all;
}

}  // namespace shop
