// Buses, rules and events on top of the test broker, in the words of the tests.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "broker/log_reader.h"
#include "tests/broker/test_broker.h"

namespace signalbox::broker::test {

inline std::string queue_arn(const std::string& name) {
  return "arn:aws:sqs:us-east-1:000000000000:" + name;
}

inline api::PutEventsRequestEntry entry_of(const std::string& source, const std::string& type,
                                           const std::string& detail, const std::string& bus = {}) {
  api::PutEventsRequestEntry entry;
  entry.source = source;
  entry.detail_type = type;
  entry.detail = detail;
  if (!bus.empty()) entry.event_bus_name = bus;
  return entry;
}

inline api::PutRuleRequest rule_of(const std::string& name, const std::string& pattern,
                                   const std::string& bus = {}) {
  api::PutRuleRequest request;
  request.name = name;
  request.event_pattern = pattern;
  if (!bus.empty()) request.event_bus_name = bus;
  return request;
}

inline api::Target target_of(const std::string& id, const std::string& arn) {
  api::Target target;
  target.id = id;
  target.arn = arn;
  return target;
}

// The error's text; fails the test when there is none.
template <class Response>
std::string message_of(const Reply<Response>& reply) {
  REQUIRE(reply.error);
  return reply.error->message;
}

class EventsWorld : public TestBroker {
 public:
  using TestBroker::TestBroker;

  Reply<api::CreateEventBusResponse> create_bus(const std::string& name) {
    api::CreateEventBusRequest request;
    request.name = name;
    return call<&Broker::create_event_bus>(request);
  }
  Reply<api::PutRuleResponse> put_rule(const std::string& name, const std::string& pattern,
                                       const std::string& bus = {}) {
    return call<&Broker::put_rule>(rule_of(name, pattern, bus));
  }
  Reply<api::TargetsResponse> put_targets(const std::string& rule, std::vector<api::Target> targets,
                                          const std::string& bus = {}) {
    api::PutTargetsRequest request;
    request.rule = rule;
    request.targets = std::move(targets);
    if (!bus.empty()) request.event_bus_name = bus;
    return call<&Broker::put_targets>(request);
  }
  // A rule whose one target is a new queue of the same name; returns the queue's URL.
  std::string route(const std::string& name, const std::string& pattern,
                    const std::string& bus = {}) {
    const auto queue = create_queue(name);
    REQUIRE_FALSE(put_rule(name, pattern, bus).error);
    REQUIRE_FALSE(put_targets(name, {target_of("t", queue_arn(name))}, bus).error);
    return queue;
  }
  Reply<api::PutEventsResponse> put(std::vector<api::PutEventsRequestEntry> entries) {
    api::PutEventsRequest request;
    request.entries = std::move(entries);
    return call<&Broker::put_events>(request);
  }
  std::vector<std::string> bodies(const std::string& queue) {
    std::vector<std::string> all;
    for (const auto& message : receive(queue)) all.push_back(message.body);
    return all;
  }
  // Receives and deletes everything; returns how many messages there were.
  std::size_t drain(const std::string& queue) {
    std::size_t count = 0;
    while (true) {
      const auto messages = receive(queue);
      if (messages.empty()) return count;
      for (const auto& message : messages) REQUIRE_FALSE(remove(queue, message.receipt_handle));
      count += messages.size();
    }
  }
  const BusCounters& counters() { return engine().broker()->bus_counters(); }
  // The events in the log of a bus, oldest first.
  std::vector<std::string> logged(const std::string& bus = "default") {
    const Bus* found = engine().broker()->find_bus(caller, bus);
    REQUIRE(found != nullptr);
    std::vector<std::string> events;
    LogPage page;
    do {
      page = read_bus_log(*store().view(), found->id, {.after = page.next});
      REQUIRE_FALSE(page.failed);
      for (auto& event : page.events) events.push_back(std::move(event.json));
    } while (page.has_more);
    return events;
  }
};

}  // namespace signalbox::broker::test
