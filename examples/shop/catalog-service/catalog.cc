#include "catalog-service/catalog.h"

#include <nlohmann/json.hpp>

#include "lib/environment.h"
#include "lib/text.h"

namespace shop {
namespace {

using nlohmann::json;

const char* const kColumns = "SELECT product_id, name, unit_price, stock, sold, created FROM products";

json to_json(const Row& row) {
  return {{"productId", text(row, 0)}, {"productName", text(row, 1)}, {"unitPrice", number(row, 2)},
          {"stock", number(row, 3)},   {"sold", number(row, 4)},      {"createdAt", iso_time(number(row, 5))}};
}

}  // namespace

Catalog::Catalog() {
  database_ = open_database("catalog.db", {
      "CREATE TABLE IF NOT EXISTS products (product_id VARCHAR(64) PRIMARY KEY, name VARCHAR(200) NOT NULL, "
      "unit_price BIGINT NOT NULL, stock BIGINT NOT NULL, sold BIGINT NOT NULL, created BIGINT NOT NULL)",
      "CREATE TABLE IF NOT EXISTS sales (event_id VARCHAR(64) PRIMARY KEY, product_id VARCHAR(64) NOT NULL, "
      "quantity BIGINT NOT NULL)"});
  seed();
}

void Catalog::seed() {
  int64_t stock = env_number("SEED_STOCK", 100, 0, 1000000000);
  const Row products[] = {{"CATALOG-0001", "Berlin", int64_t{1500}, stock},
                          {"CATALOG-0002", "Tokyo", int64_t{900}, stock},
                          {"CATALOG-0003", "Stockholm", int64_t{1200}, stock}};
  database_->transaction([&](Connection& connection) {
    for (Row row : products) {
      row.emplace_back(now_micros());
      try {
        connection.run("INSERT INTO products (product_id, name, unit_price, stock, sold, created) VALUES (?, ?, ?, ?, 0, ?)", row);
      } catch (const DuplicateKey&) {
        // A restart: the stock is what it was.
      }
    }
  });
}

json Catalog::products() {
  json all = json::array();
  for (const Row& row : database_->read(std::string(kColumns) + " ORDER BY product_id")) all.push_back(to_json(row));
  return all;
}

std::optional<json> Catalog::product(const std::string& id) {
  auto rows = database_->read(std::string(kColumns) + " WHERE product_id = ?", {id});
  if (rows.empty()) return std::nullopt;
  return to_json(rows[0]);
}

void Catalog::take(const Tracer& tracer, const std::vector<Sale>& sales) {
  database_->transaction([&](Connection& connection) {
    for (const Sale& sale : sales) take_one(connection, tracer, sale);
  });
}

void Catalog::take_one(Connection& connection, const Tracer& tracer, const Sale& sale) {
  ScopedSpan span(tracer, SpanKind::consumer, "take stock", b3_from_text(sale.trace));
  span.set_remote(sale.broker);
  span.tag("event.id", sale.event_id);
  try {
    database_->run(connection, "INSERT INTO sales (event_id, product_id, quantity) VALUES (?, ?, ?)",
                   {sale.event_id, sale.product_id, sale.quantity});
  } catch (const DuplicateKey&) {
    span.tag("event.duplicate", "true");
    return;
  }
  database_->run(connection, "UPDATE products SET stock = stock - ?, sold = sold + ? WHERE product_id = ?",
                 {sale.quantity, sale.quantity, sale.product_id});
}

Sale parse_sale(const json& event) {
  if (!event.is_object()) throw std::invalid_argument("an event is not a JSON object");
  Sale sale;
  sale.event_id = event.value("eventId", "");
  sale.product_id = event.value("productId", "");
  sale.trace = event.value("b3", "");
  auto quantity = event.find("qty");
  bool counts = quantity != event.end() && quantity->is_number_integer() && *quantity > 0;
  if (!is_identifier(sale.event_id) || !is_identifier(sale.product_id) || !counts) {
    throw std::invalid_argument("an event needs eventId, productId and a positive qty");
  }
  sale.quantity = *quantity;
  return sale;
}

}  // namespace shop
