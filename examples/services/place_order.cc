#include "examples/services/place_order.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "examples/services/service.h"

namespace shop {

namespace {

// PRODUCT:QUANTITY:PRICE
Item parse_item(const std::string& text) {
  const auto first = text.find(':');
  const auto second = first == std::string::npos ? first : text.find(':', first + 1);
  if (second == std::string::npos) throw std::invalid_argument(text + ": not an item");
  Item item{.product_id = text.substr(0, first),
            .quantity = std::stoll(text.substr(first + 1, second - first - 1)),
            .price_cents = parse_cents(text.substr(second + 1))};
  if (item.product_id.empty() || item.quantity < 1 || item.quantity > 1'000'000) {
    throw std::invalid_argument(text + ": not an item");
  }
  return item;
}

std::string is_item(const std::string& text) {
  try {
    parse_item(text);
    return {};
  } catch (const std::exception&) {
    return text + " is not PRODUCT:QUANTITY:PRICE, such as prod_222:2:29.99";
  }
}

}  // namespace

int place_order(int argc, char** argv) {
  CLI::App app("Places an order: puts order.created on the bus.", "order_service place");
  AwsOptions options;
  Order order{
      .id = new_id("ord"), .customer_id = "cust_111", .items = {}, .card_token = "tok_4242"};
  std::vector<std::string> items;
  add_client_options(app, options);
  app.add_option("--order", order.id, "The order's id; by default a random one");
  app.add_option("--customer", order.customer_id, "The customer's id")->capture_default_str();
  app.add_option("--card", order.card_token, "The card; one that ends in 0000 is declined")
      ->capture_default_str();
  app.add_option("--item", items, "PRODUCT:QUANTITY:PRICE, such as prod_222:2:29.99; repeatable")
      ->required()
      ->check(CLI::Validator(is_item, "PRODUCT:QUANTITY:PRICE"));
  CLI11_PARSE(app, argc, argv);

  for (const std::string& text : items) {
    order.items.push_back(parse_item(text));
    order.total_cents += order.items.back().quantity * order.items.back().price_cents;
  }
  // What began it all was a request, not an event.
  const Metadata metadata{.correlation_id = new_id("corr"),
                          .causation_id = new_id("req"),
                          .user_id = order.customer_id};
  try {
    AwsClient client(options);
    client.create_event_bus(bus_name);
    const auto ids = client.put_events({{.bus = std::string(bus_name),
                                         .source = "order-service",
                                         .detail_type = "order.created",
                                         .detail = write_detail(order, {}, metadata)}});
    fmt::print("{} placed, total {}: event {}, {}, {}\n", order.id, format_cents(order.total_cents),
               ids[0], metadata.correlation_id, metadata.causation_id);
    return 0;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "order_service place: {}\n", problem.what());
    return 1;
  }
}

}  // namespace shop
