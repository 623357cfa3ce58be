// The order service: opens orders, and closes each one once with order.confirmed or
// order.cancelled. `order_service place` is the counter where customers order.
#include <CLI/CLI.hpp>
#include <string_view>
#include <unordered_map>

#include "examples/services/place_order.h"
#include "examples/services/service.h"

namespace {

class OrderHandler : public shop::Handler {
 public:
  std::optional<shop::Answer> decide(const shop::ShopEvent& event) const override {
    if (event.type == "order.created" || is_closed(event.order.id)) return {};
    if (event.type == "payment.processed") return shop::Answer{"order.confirmed", {}};
    // inventory.rejected or inventory.released: nothing is kept for this order (any more).
    return shop::Answer{"order.cancelled", event.reason};
  }

  void remember(const shop::ShopEvent& event, const std::optional<shop::Answer>& answer) override {
    State& state = orders_.try_emplace(event.order.id, State::open).first->second;
    if (answer) state = State::closed;
  }

 private:
  enum class State { open, closed };

  bool is_closed(const std::string& order_id) const {
    const auto found = orders_.find(order_id);
    return found != orders_.end() && found->second == State::closed;
  }

  std::unordered_map<std::string, State> orders_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "place")
    return shop::place_order(argc - 1, argv + 1);

  CLI::App app("Opens and closes orders. `order_service place --help` says how to place one.");
  shop::Options options;
  shop::add_service_options(app, options);
  CLI11_PARSE(app, argc, argv);
  OrderHandler handler;
  return shop::run_service(
      "order-service",
      {.name = "order-service",
       .pattern = R"({"source":["order-service","payment-service","inventory-service"],)"
                  R"("detail-type":["order.created","payment.processed",)"
                  R"("inventory.released","inventory.rejected"]})"},
      options, handler);
}
