// The shop's events: what an order is, and how events carry it from one service to the next.
//
// Every event of an order carries the whole order, so that no service has to ask another one. What
// led to the event stands in its metadata: correlationId is the same in all events of an order,
// causationId is the EventBridge id of the event that this one answers.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace shop {

inline constexpr std::string_view bus_name = "ecommerce-events";

struct Item {
  std::string product_id;
  std::int64_t quantity = 0;
  std::int64_t price_cents = 0;
};

struct Order {
  std::string id;
  std::string customer_id;
  std::vector<Item> items;
  std::int64_t total_cents = 0;
  std::string card_token;
};

struct Metadata {
  std::string correlation_id;
  std::string causation_id;
  std::string user_id;
};

struct ShopEvent {
  std::string id;
  std::string type;
  std::string source;
  Order order;
  std::string reason;  // of a refusal, else empty
  Metadata metadata;
};

// Something else than an event of the shop.
class MalformedEvent : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reads the envelope that EventBridge delivers. Throws MalformedEvent.
ShopEvent read_event(const std::string& envelope);

// The JSON of an event's detail; the reason is left out when it is empty.
std::string write_detail(const Order& order, std::string_view reason, const Metadata& metadata);

// Throws std::invalid_argument.
std::int64_t parse_cents(const std::string& amount);
std::string format_cents(std::int64_t cents);

// An id of 24 random hexadecimal digits, such as req_1b9c...
std::string new_id(std::string_view prefix);

}  // namespace shop
