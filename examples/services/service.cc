#include "examples/services/service.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <deque>
#include <fstream>
#include <unordered_set>

#include "examples/services/json_writer.h"
#include "examples/services/log.h"

namespace shop {

namespace {

constexpr std::chrono::seconds poll_wait{20};
constexpr std::chrono::seconds trouble_pause{1};
constexpr std::size_t handled_count_max = 100'000;
constexpr int receive_count_max = 5;
constexpr int retention_s = 14 * 24 * 3600;

// The ids of the newest events that were handled. A copy that comes later than these is left to the
// handler, which knows its orders.
class HandledEvents {
 public:
  bool contains(const std::string& id) const { return ids_.contains(id); }

  void add(const std::string& id) {
    if (!ids_.insert(id).second) return;
    order_.push_back(id);
    if (order_.size() > handled_count_max) {
      ids_.erase(order_.front());
      order_.pop_front();
    }
  }

 private:
  std::unordered_set<std::string> ids_;
  std::deque<std::string> order_;
};

class Loop {
 public:
  Loop(std::string source, AwsClient& client, Handler& handler)
      : source_(std::move(source)), client_(client), handler_(handler) {}

  void handle(const Queue& queue, const Message& message) {
    try {
      const ShopEvent event = read_event(message.body);
      if (!handled_.contains(event.id)) answer(event);
      // Last: whatever fails before this line brings the message back.
      client_.delete_message(queue, message.receipt_handle);
    } catch (const MalformedEvent& problem) {
      // Not deleted: after a few deliveries it is in the dead-letter queue, for a person to see.
      log_line(source_, "error", "not an event of the shop",
               {{"message_id", message.id}, {"problem", problem.what()}});
    } catch (const AwsError& problem) {
      log_line(source_, "error", "refused; the message will come back",
               {{"message_id", message.id}, {"problem", problem.what()}});
    } catch (const ConnectionLost& problem) {
      log_line(source_, "error", "no answer; the message will come back",
               {{"message_id", message.id}, {"problem", problem.what()}});
    }
  }

 private:
  void answer(const ShopEvent& event) {
    const std::optional<Answer> answer = handler_.decide(event);
    std::string answer_id;
    if (answer) {
      const Metadata metadata{.correlation_id = event.metadata.correlation_id,
                              .causation_id = event.id,
                              .user_id = event.metadata.user_id};
      answer_id =
          client_.put_events({{.bus = std::string(bus_name),
                               .source = source_,
                               .detail_type = answer->type,
                               .detail = write_detail(event.order, answer->reason, metadata)}})[0];
    }
    handler_.remember(event, answer);
    handled_.add(event.id);
    log_line(source_, "info", "handled",
             {{"order", event.order.id},
              {"event", event.type},
              {"event_id", event.id},
              {"answer", answer ? answer->type : ""},
              {"answer_id", answer_id},
              {"reason", answer ? answer->reason : ""},
              {"correlation_id", event.metadata.correlation_id}});
  }

  const std::string source_;
  AwsClient& client_;
  Handler& handler_;
  HandledEvents handled_;
};

}  // namespace

void add_client_options(CLI::App& app, AwsOptions& options) {
  app.add_option("--endpoint", options.endpoint, "The broker, as http://HOST:PORT")
      ->envname("AWS_ENDPOINT_URL")
      ->capture_default_str();
  app.add_option("--region", options.region, "The region of the bus and the queues")
      ->envname("AWS_REGION")
      ->capture_default_str();
}

void add_service_options(CLI::App& app, Options& options) {
  add_client_options(app, options.aws);
  app.add_option("--ready-file", options.ready_file, "Written once the service is subscribed");
  app.add_option_function<int>(
         "--visibility-timeout-s",
         [&options](int value) { options.visibility_timeout = std::chrono::seconds(value); },
         "After how long a message that was not dealt with comes back")
      ->check(CLI::Range(1, 43200));
}

Queue provision(AwsClient& client, const Subscription& subscription,
                std::chrono::seconds visibility_timeout) {
  const std::string retention = std::to_string(retention_s);
  client.create_event_bus(bus_name);
  const Queue dead =
      client.create_queue(subscription.name + "-dlq", {{"MessageRetentionPeriod", retention}});
  const std::string redrive = JsonObject()
                                  .text("deadLetterTargetArn", dead.arn)
                                  .number("maxReceiveCount", receive_count_max)
                                  .str();
  Queue queue = client.create_queue(
      subscription.name, {{"VisibilityTimeout", std::to_string(visibility_timeout.count())},
                          {"MessageRetentionPeriod", retention},
                          {"RedrivePolicy", redrive}});
  client.put_rule(bus_name, subscription.name, subscription.pattern);
  client.put_target(bus_name, subscription.name, "queue", queue.arn);
  return queue;
}

void write_ready_file(const std::string& path) {
  if (path.empty()) return;
  std::ofstream file(path);
  if (!(file << "ready\n" << std::flush)) throw std::runtime_error(path + ": cannot write it");
}

int run_service(const std::string& source, const Subscription& subscription, const Options& options,
                Handler& handler) {
  try {
    AwsClient client(options.aws);
    client.connection().stop_on_signals();
    Queue queue = provision(client, subscription, options.visibility_timeout);
    write_ready_file(options.ready_file);
    log_line(source, "info", "subscribed",
             {{"endpoint", options.aws.endpoint}, {"queue", queue.url}});
    Loop loop(source, client, handler);
    while (!client.connection().stopping()) {
      try {
        for (const Message& message : client.receive(queue, poll_wait)) {
          loop.handle(queue, message);
        }
      } catch (const AwsError& problem) {
        // The queue is gone, for example with the broker's data directory: make it anew.
        log_line(source, "error", "cannot receive", {{"problem", problem.what()}});
        client.connection().wait(trouble_pause);
        queue = provision(client, subscription, options.visibility_timeout);
      } catch (const ConnectionLost& problem) {
        log_line(source, "error", "cannot receive", {{"problem", problem.what()}});
      }
    }
  } catch (const Stopped&) {
    // Nothing is lost: what was not deleted comes back.
  } catch (const std::exception& problem) {
    log_line(source, "error", "giving up", {{"problem", problem.what()}});
    return 1;
  }
  log_line(source, "info", "stopped");
  return 0;
}

}  // namespace shop
