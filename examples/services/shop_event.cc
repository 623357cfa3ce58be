#include "examples/services/shop_event.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <random>

#include "examples/services/json_writer.h"

namespace shop {

namespace {

using simdjson::dom::element;

// What is read may be absent only where a default is given.
template <class T>
T member(const element& object, const char* key) {
  T value;
  if (object.at_key(key).get(value)) {
    throw MalformedEvent(fmt::format("{} is missing or of another type", key));
  }
  return value;
}

std::string text(const element& object, const char* key) {
  return std::string(member<std::string_view>(object, key));
}

std::string text_or_empty(const element& object, const char* key) {
  std::string_view value;
  return object.at_key(key).get(value) ? std::string() : std::string(value);
}

std::int64_t cents(const element& object, const char* key) {
  return std::llround(member<double>(object, key) * 100);
}

Order read_order(const element& detail) {
  Order order{.id = text(detail, "orderId"),
              .customer_id = text(detail, "customerId"),
              .items = {},
              .total_cents = cents(detail, "total"),
              .card_token = text_or_empty(detail, "cardToken")};
  for (const element item : member<simdjson::dom::array>(detail, "items")) {
    order.items.push_back({.product_id = text(item, "productId"),
                           .quantity = member<std::int64_t>(item, "quantity"),
                           .price_cents = cents(item, "price")});
  }
  return order;
}

}  // namespace

ShopEvent read_event(const std::string& envelope) {
  simdjson::dom::parser parser;
  element document;
  if (parser.parse(envelope).get(document)) throw MalformedEvent("not JSON");
  const auto detail = member<element>(document, "detail");
  const auto metadata = member<element>(detail, "metadata");
  return {.id = text(document, "id"),
          .type = text(document, "detail-type"),
          .source = text(document, "source"),
          .order = read_order(detail),
          .reason = text_or_empty(detail, "reason"),
          .metadata = {.correlation_id = text(metadata, "correlationId"),
                       .causation_id = text(metadata, "causationId"),
                       .user_id = text_or_empty(metadata, "userId")}};
}

std::string write_detail(const Order& order, std::string_view reason, const Metadata& metadata) {
  std::vector<std::string> items;
  for (const Item& item : order.items) {
    items.push_back(JsonObject()
                        .text("productId", item.product_id)
                        .number("quantity", item.quantity)
                        .json("price", format_cents(item.price_cents))
                        .str());
  }
  JsonObject detail;
  detail.text("orderId", order.id)
      .text("customerId", order.customer_id)
      .json("items", json_array(items))
      .json("total", format_cents(order.total_cents))
      .text("cardToken", order.card_token);
  if (!reason.empty()) detail.text("reason", reason);
  detail.json("metadata", JsonObject()
                              .text("correlationId", metadata.correlation_id)
                              .text("causationId", metadata.causation_id)
                              .text("userId", metadata.user_id)
                              .str());
  return detail.str();
}

std::int64_t parse_cents(const std::string& amount) {
  std::size_t end = 0;
  const double value = std::stod(amount, &end);
  if (end != amount.size() || !(value >= 0 && value < 1e12)) {
    throw std::invalid_argument(amount + " is no amount of money");
  }
  return std::llround(value * 100);
}

std::string format_cents(std::int64_t cents) {
  return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

std::string new_id(std::string_view prefix) {
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}{:08x}", prefix, random(), random(), random());
}

}  // namespace shop
