#include "signalbox/queue_client.h"

#include <fmt/format.h>

#include <utility>

namespace signalbox {

namespace {

constexpr std::string_view root = "/_signalbox/sqs";

}  // namespace

QueueClient::QueueClient(HttpAddress address, const QueueOptions& options)
    : options_(options), broker_(std::move(address), options) {}

BrokerReply QueueClient::own(std::string_view method, std::string_view path,
                             const Parameters& parameters, std::string body) {
  return broker_.own(method, fmt::format("{}{}", root, path), parameters, std::move(body));
}

BrokerReply QueueClient::sqs(std::string_view operation, std::string body, std::int64_t wait_s) {
  return broker_.operation(fmt::format("AmazonSQS.{}", operation), std::move(body), world_,
                           std::chrono::seconds(wait_s));
}

BrokerReply QueueClient::find_queue(const std::string& name) {
  auto found = own("GET", "/" + url_escaped(name));
  if (found.is_missing()) {
    found.problem = fmt::format(
        "there is no queue {}{}{}. `signalbox queue ls` names those there are; --account and "
        "--region choose another world.",
        name, options_.account ? " in account " + *options_.account : "",
        options_.region ? " in region " + *options_.region : "");
  }
  if (!found.problem.empty()) return found;
  simdjson::dom::element queue;
  if (found.json["queues"].at(0).get(queue) != simdjson::SUCCESS) {
    found.problem = fmt::format("{}: the answer is none of this version.", options_.endpoint_url);
    return found;
  }
  found.json = queue;
  world_.account = found.text("account");
  world_.region = found.text("region");
  return found;
}

QueueClient::FoundMessage QueueClient::find_message(const std::string& queue,
                                                    const std::string& id) {
  const std::string path = fmt::format("/{}/messages", url_escaped(queue));
  FoundMessage found;
  for (const std::string state : {"visible", "in_flight", "delayed"}) {
    std::string next;
    do {
      Parameters parameters{{"state", state}, {"id", id}, {"limit", "1"}};
      if (!next.empty()) parameters.emplace_back("next", next);
      found.page = own("GET", path, parameters);
      if (!found.page.problem.empty()) return found;
      if (found.page.json["messages"].at(0).get(found.message) == simdjson::SUCCESS) return found;
      next = found.page.text("next");
    } while (!next.empty());
  }
  found.page.status = 404;
  found.page.problem =
      fmt::format("queue {} has no message {}. `signalbox queue peek {}` shows those it has.",
                  queue, id, queue);
  return found;
}

}  // namespace signalbox
