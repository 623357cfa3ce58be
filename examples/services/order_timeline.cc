// Watches the bus and prints what happened to orders, event by event, each with its cause. Ends
// with status 1 when an order did not end as expected.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "examples/services/log.h"
#include "examples/services/service.h"

namespace {

using std::chrono::steady_clock;

struct Seen {
  shop::ShopEvent event;
  std::int64_t time_ms = 0;
};

bool is_last(const std::string& type) {
  return type == "order.confirmed" || type == "order.cancelled";
}

// The events of one order. One event may arrive twice; it is kept once.
class Timeline {
 public:
  void add(Seen seen) {
    const bool known = std::any_of(events_.begin(), events_.end(), [&](const Seen& other) {
      return other.event.id == seen.event.id;
    });
    if (!known) events_.push_back(std::move(seen));
  }

  bool has_ended() const {
    return std::any_of(events_.begin(), events_.end(),
                       [](const Seen& seen) { return is_last(seen.event.type); });
  }

  // What is wrong with it; empty when the order ended once, as expected, and every event has its
  // cause among the others.
  std::string find_fault(const std::string& expected) const {
    std::vector<std::string> ends;
    for (const Seen& seen : events_) {
      const shop::ShopEvent& event = seen.event;
      if (is_last(event.type)) ends.push_back(event.type);
      if (event.metadata.correlation_id != events_.front().event.metadata.correlation_id) {
        return event.type + " has a correlation of its own";
      }
      if (event.type != "order.created" && !find(event.metadata.causation_id)) {
        return event.type + " has a cause that nobody saw";
      }
    }
    if (ends == std::vector{expected}) return {};
    if (ends.empty()) return "it has not ended";
    return fmt::format("it ended with {}", fmt::join(ends, ", "));
  }

  void print(const std::string& order_id) {
    fmt::print("{}", order_id);
    if (events_.empty()) {
      fmt::print(": no event\n");
      return;
    }
    std::stable_sort(events_.begin(), events_.end(), [this](const Seen& a, const Seen& b) {
      return std::pair(a.time_ms, depth(a)) < std::pair(b.time_ms, depth(b));
    });
    const shop::Order& order = events_.front().event.order;
    for (const shop::Item& item : order.items) {
      fmt::print(", {} of {} at {}", item.quantity, item.product_id,
                 shop::format_cents(item.price_cents));
    }
    fmt::print(", total {}, card {}, {}\n", shop::format_cents(order.total_cents), order.card_token,
               events_.front().event.metadata.correlation_id);
    for (const Seen& seen : events_) print(seen);
  }

 private:
  const Seen* find(const std::string& event_id) const {
    for (const Seen& seen : events_) {
      if (seen.event.id == event_id) return &seen;
    }
    return nullptr;
  }

  // How many events led to this one; two of one millisecond are told in the right order by it.
  std::size_t depth(const Seen& seen) const {
    std::size_t count = 0;
    const Seen* cause = find(seen.event.metadata.causation_id);
    for (; cause && count < events_.size(); ++count) {
      cause = find(cause->event.metadata.causation_id);
    }
    return count;
  }

  void print(const Seen& seen) const {
    const shop::ShopEvent& event = seen.event;
    const Seen* cause = find(event.metadata.causation_id);
    // The cause is a few lines up: eight characters find it.
    const std::string because =
        cause ? fmt::format("{} {}", cause->event.type, cause->event.id.substr(0, 8))
              : event.metadata.causation_id;
    // A reason is passed on from event to event: told where it came up.
    const bool is_news = !event.reason.empty() && !(cause && cause->event.reason == event.reason);
    fmt::print("  {:>+6} ms  {:<18}  by {:<17}  event {}  caused by {}{}\n",
               seen.time_ms - events_.front().time_ms, event.type, event.source, event.id, because,
               is_news ? ": " + event.reason : "");
  }

  std::vector<Seen> events_;
};

using Expectations = std::map<std::string, std::string>;

Expectations parse_expectations(const std::vector<std::string>& entries) {
  Expectations expected;
  for (const std::string& entry : entries) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || !is_last(entry.substr(equals + 1))) {
      throw CLI::ValidationError("--expect",
                                 entry + " is not ORDER=order.confirmed or ORDER=order.cancelled");
    }
    expected[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return expected;
}

using Timelines = std::map<std::string, Timeline>;

// Returns how many messages there were.
std::size_t collect(shop::AwsClient& client, const shop::Queue& queue, std::chrono::seconds wait,
                    Timelines& timelines) {
  const auto messages = client.receive(queue, wait);
  for (const shop::Message& message : messages) {
    try {
      shop::ShopEvent event = shop::read_event(message.body);
      const auto found = timelines.find(event.order.id);
      if (found != timelines.end()) found->second.add({std::move(event), message.sent_time_ms});
    } catch (const shop::MalformedEvent& problem) {
      shop::log_line("order-timeline", "error", "not an event of the shop",
                     {{"message_id", message.id}, {"problem", problem.what()}});
    }
    client.delete_message(queue, message.receipt_handle);
  }
  return messages.size();
}

int watch(const shop::Options& options, std::chrono::seconds timeout,
          const Expectations& expected) {
  shop::AwsClient client(options.aws);
  client.connection().stop_on_signals();
  const shop::Queue queue = shop::provision(
      client,
      {.name = "order-timeline",
       .pattern = R"({"source":["order-service","payment-service","inventory-service"]})"},
      options.visibility_timeout);
  shop::write_ready_file(options.ready_file);

  Timelines timelines;
  for (const auto& [order_id, outcome] : expected) timelines[order_id];
  const auto deadline = steady_clock::now() + timeout;
  const auto have_ended = [&] {
    return std::all_of(timelines.begin(), timelines.end(),
                       [](const auto& entry) { return entry.second.has_ended(); });
  };
  while (!have_ended() && steady_clock::now() < deadline) {
    collect(client, queue, std::chrono::seconds(1), timelines);
  }
  // An order that ended twice, or both ways, must not look well.
  while (collect(client, queue, std::chrono::seconds(0), timelines) > 0) {
  }

  int fault_count = 0;
  for (auto& [order_id, timeline] : timelines) {
    const std::string& outcome = expected.at(order_id);
    timeline.print(order_id);
    const std::string fault = timeline.find_fault(outcome);
    if (fault.empty()) {
      fmt::print("  {}, as expected\n\n", outcome);
    } else {
      fmt::print("  NOT AS EXPECTED: {} was due, but {}\n\n", outcome, fault);
      ++fault_count;
    }
  }
  return fault_count == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints the events of orders, each with its cause, until the orders have ended.");
  shop::Options options;
  Expectations expected;
  int timeout_s = 30;
  shop::add_service_options(app, options);
  app.add_option("--timeout-s", timeout_s, "How long the orders may take")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  app.add_option_function<std::vector<std::string>>(
         "--expect", [&expected](const auto& entries) { expected = parse_expectations(entries); },
         "ORDER=order.confirmed or ORDER=order.cancelled; repeatable")
      ->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return watch(options, std::chrono::seconds(timeout_s), expected);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "order_timeline: {}\n", problem.what());
    return 1;
  }
}
