// The inventory service: reserves goods for new orders, and releases them when payment fails.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <unordered_map>

#include "examples/services/service.h"

namespace {

using Stock = std::map<std::string, std::int64_t>;

class InventoryHandler : public shop::Handler {
 public:
  explicit InventoryHandler(Stock stock) : stock_(std::move(stock)) {}

  std::optional<shop::Answer> decide(const shop::ShopEvent& event) const override {
    const auto found = orders_.find(event.order.id);
    if (event.type == "payment.failed") {
      // An order that a restart made us forget is released all the same: somebody waits for it.
      if (found != orders_.end() && found->second != State::reserved) return {};
      return shop::Answer{"inventory.released", event.reason};
    }
    if (found != orders_.end()) return {};
    const std::string shortage = find_shortage(event.order);
    if (!shortage.empty()) return shop::Answer{"inventory.rejected", shortage};
    return shop::Answer{"inventory.reserved", {}};
  }

  void remember(const shop::ShopEvent& event, const std::optional<shop::Answer>& answer) override {
    if (!answer) return;
    const auto found = orders_.find(event.order.id);
    if (answer->type == "inventory.reserved") {
      for (const auto& [product, count] : wanted(event.order)) stock_[product] -= count;
      orders_[event.order.id] = State::reserved;
    } else {
      if (found != orders_.end() && found->second == State::reserved) {
        for (const auto& [product, count] : wanted(event.order)) stock_[product] += count;
      }
      orders_[event.order.id] = State::closed;
    }
  }

 private:
  enum class State { reserved, closed };

  // One product may stand in several items.
  static Stock wanted(const shop::Order& order) {
    Stock counts;
    for (const shop::Item& item : order.items) counts[item.product_id] += item.quantity;
    return counts;
  }

  // Says what is missing; empty when everything is there.
  std::string find_shortage(const shop::Order& order) const {
    for (const auto& [product, count] : wanted(order)) {
      const auto found = stock_.find(product);
      const std::int64_t left = found == stock_.end() ? 0 : found->second;
      if (count > left) return fmt::format("{} of {} wanted, {} left", count, product, left);
    }
    return {};
  }

  Stock stock_;
  std::unordered_map<std::string, State> orders_;
};

Stock parse_stock(const std::vector<std::string>& entries) {
  Stock stock;
  for (const std::string& entry : entries) {
    const auto equals = entry.find('=');
    const std::string count = equals == std::string::npos ? "" : entry.substr(equals + 1);
    if (equals == 0 || count.empty() || count.size() > 9 ||
        count.find_first_not_of("0123456789") != std::string::npos) {
      throw CLI::ValidationError("--stock", entry + " is not PRODUCT=COUNT");
    }
    stock[entry.substr(0, equals)] = std::stoll(count);
  }
  return stock;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reserves goods for orders.");
  shop::Options options;
  Stock stock{{"prod_222", 100}, {"prod_333", 3}};
  shop::add_service_options(app, options);
  app.add_option_function<std::vector<std::string>>(
      "--stock", [&stock](const auto& entries) { stock = parse_stock(entries); },
      "PRODUCT=COUNT; repeatable. By default prod_222=100 prod_333=3");
  CLI11_PARSE(app, argc, argv);
  InventoryHandler handler(std::move(stock));
  return shop::run_service("inventory-service",
                           {.name = "inventory-service",
                            .pattern = R"({"source":["order-service","payment-service"],)"
                                       R"("detail-type":["order.created","payment.failed"]})"},
                           options, handler);
}
