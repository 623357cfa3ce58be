// PutEvents end to end: what reaches the queues, the log, and what does not.
#include <catch2/catch.hpp>

#include "broker/md5.h"
#include "tests/broker/events_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using namespace signalbox::broker::test;

namespace {

constexpr auto order_pattern =
    R"({"source":["order-service"],"detail-type":["order.created","order.cancelled"]})";

api::PutEventsRequestEntry order(const std::string& type, const std::string& bus = {}) {
  return entry_of("order-service", type, R"({ "orderId" : "o-1", "total": 10.50 })", bus);
}

}  // namespace

TEST_CASE("an event reaches the queue of the rule it matches, as the exact envelope", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("ecommerce-events").error);
  const auto queue = world.route("orders", order_pattern, "ecommerce-events");
  const auto put = world.put({order("order.created", "ecommerce-events"),
                              order("order.shipped", "ecommerce-events"), order("order.created")});
  REQUIRE(put.released);
  REQUIRE(put.response.failed_entry_count == 0);
  REQUIRE(put.response.entries.size() == 3);
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].body == R"({"version":"0","id":")" + *put.response.entries[0].event_id +
                                R"(","detail-type":"order.created","source":"order-service",)"
                                R"("account":"000000000000","time":"2026-01-02T03:04:05Z",)"
                                R"("region":"us-east-1","resources":[],)"
                                R"("detail":{"orderId":"o-1","total":10.50}})");
  CHECK_FALSE(messages[0].attributes->contains("AWSTraceHeader"));
  CHECK_FALSE(world.remove(queue, messages[0].receipt_handle));
  world.restart();
  world.advance(1h);
  CHECK(world.bodies(queue).empty());
}

TEST_CASE("an acknowledged event is in its queue and its bus's log after a restart", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  const auto put = world.put({order("order.created")});
  world.restart();
  REQUIRE(world.load_problem().empty());
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(world.logged() == std::vector<std::string>{messages[0].body});
  // The rules are as they were, too.
  world.put({order("order.cancelled")});
  CHECK(world.bodies(queue).size() == 1);
}

TEST_CASE("refused entries fail alone and keep their place", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  auto bad = order("order.created");
  bad.detail = "[]";
  const auto put = world.put({bad, order("order.created"), entry_of("", "t", "{}")});
  CHECK(put.response.failed_entry_count == 2);
  CHECK(put.response.entries[0].error_code == "MalformedDetail");
  CHECK_FALSE(put.response.entries[0].event_id);
  CHECK(put.response.entries[1].event_id);
  CHECK_FALSE(put.response.entries[1].error_code);
  CHECK(put.response.entries[2].error_message ==
        "Parameter Source is not valid. Reason: Source is a required argument.");
  CHECK(world.bodies(queue).size() == 1);
  CHECK(world.logged().size() == 1);
}

TEST_CASE("an event for a bus that does not exist gets an id and is dropped", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  const auto put = world.put({order("order.created", "no-such-bus")});
  CHECK(put.response.failed_entry_count == 0);
  CHECK(put.response.entries[0].event_id);
  CHECK(world.bodies(queue).empty());
  CHECK(world.counters().events_to_missing_buses == 1);
}

TEST_CASE("disabled and deleted rules get nothing, enabled ones do again", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  api::RuleRequest rule;
  rule.name = "orders";
  REQUIRE_FALSE(world.call<&Broker::disable_rule>(rule).error);
  world.put({order("order.created")});
  CHECK(world.bodies(queue).empty());
  world.restart();
  world.put({order("order.created")});
  CHECK(world.bodies(queue).empty());
  REQUIRE_FALSE(world.call<&Broker::enable_rule>(rule).error);
  world.put({order("order.created")});
  CHECK(world.bodies(queue).size() == 1);
}

TEST_CASE("a trace header becomes the message's AWSTraceHeader", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  auto entry = order("order.created");
  entry.trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793";
  world.put({entry});
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].attributes->at("AWSTraceHeader") == *entry.trace_header);
}

TEST_CASE("targets get their input: fixed, a part of the event, or a filled template", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", order_pattern).error);
  std::vector<api::Target> targets;
  for (const std::string name : {"fixed", "part", "template", "nowhere"}) {
    world.create_queue(name);
    targets.push_back(target_of(name, queue_arn(name)));
  }
  targets[0].input = R"({"fixed":true})";
  targets[1].input_path = "$.detail.orderId";
  targets[2].input_transformer = api::InputTransformer{
      {{"id", "$.detail.orderId"}}, R"({"order":<id>,"rule":"<aws.events.rule-arn>"})"};
  targets[3].input_path = "$.detail.nothing";
  REQUIRE_FALSE(world.put_targets("r", targets).error);
  for (int round = 0; round < 2; ++round) {
    world.put({order("order.created")});
    CHECK(world.bodies("fixed") == std::vector<std::string>{R"({"fixed":true})"});
    CHECK(world.bodies("part") == std::vector<std::string>{R"("o-1")"});
    CHECK(world.bodies("template") ==
          std::vector<std::string>{
              R"({"order":"o-1","rule":"arn:aws:events:us-east-1:000000000000:rule/r"})"});
    CHECK(world.bodies("nowhere").empty());
    CHECK(world.counters().undelivered_input == 1);
    world.restart();  // inputs are compiled again from their records
  }
}

TEST_CASE("a message of an event has the digest of its body", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", order_pattern).error);
  world.create_queue("plain");
  world.create_queue("fixed");
  auto fixed = target_of("fixed", queue_arn("fixed"));
  fixed.input = R"("hello")";
  REQUIRE_FALSE(world.put_targets("r", {target_of("plain", queue_arn("plain")), fixed}).error);
  world.put({order("order.created")});
  for (const std::string queue : {"plain", "fixed"}) {
    const auto messages = world.receive(queue);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].md5_of_body == hex(md5_of(messages[0].body)));
  }
}

TEST_CASE("what cannot be delivered is counted and holds nobody up", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  world.create_queue("small", {{"MaximumMessageSize", "1024"}});
  REQUIRE_FALSE(
      world
          .put_targets("orders", {target_of("topic", "arn:aws:sns:us-east-1:000000000000:t"),
                                  target_of("gone", queue_arn("gone")),
                                  target_of("small", queue_arn("small"))})
          .error);
  auto entry = order("order.created");
  entry.detail = R"({"pad":")" + std::string(2000, 'x') + R"("})";
  CHECK(world.put({entry}).response.failed_entry_count == 0);
  CHECK(world.bodies(queue).size() == 1);
  CHECK(world.bodies("small").empty());
  CHECK(world.counters().undelivered_targets == 1);
  CHECK(world.counters().undelivered_missing == 1);
  CHECK(world.counters().undelivered_oversize == 1);
  // The queue may come later.
  world.create_queue("gone");
  world.put({order("order.created")});
  CHECK(world.bodies("gone").size() == 1);
}

TEST_CASE("an event waits in a delay queue as long as the queue says", "[events]") {
  EventsWorld world;
  const auto queue = world.create_queue("late", {{"DelaySeconds", "60"}});
  REQUIRE_FALSE(world.put_rule("r", order_pattern).error);
  REQUIRE_FALSE(world.put_targets("r", {target_of("t", queue_arn("late"))}).error);
  world.put({order("order.created")});
  world.advance(59s);
  CHECK(world.bodies(queue).empty());
  world.advance(1s);
  CHECK(world.bodies(queue).size() == 1);
}

TEST_CASE("two rules and two targets of one queue make one message each", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  REQUIRE_FALSE(world.put_rule("all", R"({"source":[{"prefix":""}]})").error);
  REQUIRE_FALSE(world
                    .put_targets("all", {target_of("a", queue_arn("orders")),
                                         target_of("b", queue_arn("orders"))})
                    .error);
  world.put({order("order.created")});
  CHECK(world.drain(queue) == 3);
}

TEST_CASE("worlds have their own buses, reached from others by ARN", "[events]") {
  EventsWorld world;
  const auto queue = world.route("orders", order_pattern);
  world.caller.region = "eu-west-1";
  world.put({order("order.created")});
  CHECK(world.logged().size() == 1);
  world.put({order("order.created", "arn:aws:events:us-east-1:000000000000:event-bus/default")});
  world.caller.region = "us-east-1";
  const auto bodies = world.bodies(queue);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].find(R"("region":"eu-west-1")") != std::string::npos);
}

TEST_CASE("the bus log forgets events after its retention, queues keep them", "[events]") {
  Settings settings;
  settings.bus_log_retention = std::chrono::hours(2);
  EventsWorld world(settings);
  const auto queue = world.route("orders", order_pattern);
  world.put({order("order.created")});
  world.advance(90min);
  world.put({order("order.cancelled")});
  CHECK(world.logged().size() == 2);
  world.restart();
  CHECK(world.logged().size() == 2);
  world.advance(31min);
  REQUIRE(world.logged().size() == 1);
  CHECK(world.logged()[0].find("order.cancelled") != std::string::npos);
  world.advance(3h);
  CHECK(world.logged().empty());
  CHECK(world.drain(queue) == 2);
}

TEST_CASE("a retention of zero keeps no bus log", "[events]") {
  Settings settings;
  settings.bus_log_retention = 0s;
  EventsWorld world(settings);
  const auto queue = world.route("orders", order_pattern);
  world.put({order("order.created")});
  CHECK(world.logged().empty());
  CHECK(world.bodies(queue).size() == 1);
}
