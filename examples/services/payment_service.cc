// The payment service: charges the card of every order whose goods are reserved.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <unordered_set>

#include "examples/services/service.h"

namespace {

constexpr std::string_view declined_card_ending = "0000";

class PaymentHandler : public shop::Handler {
 public:
  explicit PaymentHandler(std::int64_t limit_cents) : limit_cents_(limit_cents) {}

  // The order's id is what a payment provider would be given as idempotency key: a charge that was
  // made before a crash, and forgotten here, is then not made again.
  std::optional<shop::Answer> decide(const shop::ShopEvent& event) const override {
    const shop::Order& order = event.order;
    if (decided_.contains(order.id)) return {};
    if (order.card_token.ends_with(declined_card_ending)) {
      return shop::Answer{"payment.failed", "the card was declined"};
    }
    if (order.total_cents > limit_cents_) {
      return shop::Answer{"payment.failed", fmt::format("{} is over the limit of {}",
                                                        shop::format_cents(order.total_cents),
                                                        shop::format_cents(limit_cents_))};
    }
    return shop::Answer{"payment.processed", {}};
  }

  void remember(const shop::ShopEvent& event, const std::optional<shop::Answer>&) override {
    decided_.insert(event.order.id);
  }

 private:
  const std::int64_t limit_cents_;
  std::unordered_set<std::string> decided_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Charges cards for reserved orders.");
  shop::Options options;
  std::string limit = "1000.00";
  shop::add_service_options(app, options);
  app.add_option("--limit", limit, "An order over this is declined")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  PaymentHandler handler(shop::parse_cents(limit));
  return shop::run_service("payment-service",
                           {.name = "payment-service",
                            .pattern = R"({"source":["inventory-service"],)"
                                       R"("detail-type":["inventory.reserved"]})"},
                           options, handler);
}
