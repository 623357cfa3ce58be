// What the services have in common: options, a queue fed by a rule, and the loop that handles each
// message at least once and each event's effect once.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "examples/services/aws_client.h"
#include "examples/services/shop_event.h"

namespace CLI {
class App;
}

namespace shop {

struct Options {
  AwsOptions aws;
  std::string ready_file;
  std::chrono::seconds visibility_timeout{30};
};

struct Subscription {
  std::string name;     // of queue and rule
  std::string pattern;  // of the events wanted
};

// The event with which a service answers another one; it takes over order and correlation.
struct Answer {
  std::string type;
  std::string reason;
};

// A service's own rules. Deciding and remembering are apart because the process may end, or the
// broker refuse, in between: only what the broker has accepted may be remembered.
class Handler {
 public:
  virtual ~Handler() = default;

  // No answer: there is nothing to say about this event, or it was said already.
  virtual std::optional<Answer> decide(const ShopEvent& event) const = 0;
  // The answer, if there was one, is on the bus.
  virtual void remember(const ShopEvent& event, const std::optional<Answer>& answer) = 0;
};

// --endpoint and --region, with AWS_ENDPOINT_URL and AWS_REGION as defaults.
void add_client_options(CLI::App& app, AwsOptions& options);
void add_service_options(CLI::App& app, Options& options);

// Makes the bus, the queue with its dead-letter queue, the rule and its target, or finds them.
Queue provision(AwsClient& client, const Subscription& subscription,
                std::chrono::seconds visibility_timeout);
// Tells whoever started the process that it is subscribed. No path: nobody asked.
void write_ready_file(const std::string& path);

// Serves until SIGTERM or SIGINT and returns the exit status. The source is the service's name.
int run_service(const std::string& source, const Subscription& subscription, const Options& options,
                Handler& handler);

}  // namespace shop
