// Buses as targets of rules: an event goes on to another bus, once, in the batch that accepted it.
#include "broker/api/sqs.h"
#include "tests/broker/events_fixture.h"

using namespace signalbox::broker;
using test::entry_of;
using test::EventsWorld;
using test::message_of;
using test::queue_arn;
using test::target_of;

namespace {

constexpr auto pattern = R"({"source":["shop"]})";
constexpr auto other_account = "111122223333";

std::string bus_arn(const std::string& name, const std::string& account = "000000000000",
                    const std::string& region = "us-east-1") {
  return "arn:aws:events:" + region + ":" + account + ":event-bus/" + name;
}

struct Forwarding : EventsWorld {
  using EventsWorld::EventsWorld;

  // A rule of the bus that forwards what matches; what cannot be goes to the queue "dead".
  void forward(const std::string& bus, const std::string& to) {
    create_queue("dead");
    REQUIRE_FALSE(put_rule("forward", pattern, bus).error);
    auto target = target_of("bus", to);
    target.dead_letter_config.emplace().arn = queue_arn("dead");
    REQUIRE_FALSE(put_targets("forward", {target}, bus).error);
  }
  void put_one(const std::string& detail = R"({"orderId":"o-1"})") {
    REQUIRE(put({entry_of("shop", "Order", detail)}).response.failed_entry_count == 0);
  }
  std::string dead_letter_error() {
    const auto letters = receive("dead");
    REQUIRE(letters.size() == 1);
    return letters[0].message_attributes->at("ERROR_CODE").string_value.value_or("");
  }
  // Does it as another account would.
  template <class Do>
  void as(const std::string& account, Do&& act) {
    const std::string before = std::exchange(caller.account, account);
    act();
    caller.account = before;
  }
};

}  // namespace

TEST_CASE("a forwarded event meets the rules of the other bus and stands in both logs",
          "[forwarding]") {
  Forwarding world;
  REQUIRE_FALSE(world.create_bus("second").error);
  world.forward("", bus_arn("second"));
  const auto queue = world.route("orders", pattern, "second");
  const auto first = world.route("here", pattern);
  world.put_one();
  const auto received = world.bodies(queue);
  REQUIRE(received.size() == 1);
  CHECK(received == world.bodies(first));
  CHECK(world.logged("second") == received);
  CHECK(world.logged() == received);
  CHECK(world.counters().events_accepted == 2);
  CHECK(world.counters().dead_letters == 0);
}

TEST_CASE("a bus gets only the events that match the rule that forwards", "[forwarding]") {
  Forwarding world;
  REQUIRE_FALSE(world.create_bus("second").error);
  world.forward("", bus_arn("second"));
  world.put({entry_of("warehouse", "Order", "{}")});
  CHECK(world.logged("second").empty());
}

TEST_CASE("an event is forwarded once: on the third bus it is a dead letter", "[forwarding]") {
  Forwarding world;
  REQUIRE_FALSE(world.create_bus("second").error);
  REQUIRE_FALSE(world.create_bus("third").error);
  world.forward("", bus_arn("second"));
  const std::string third = GENERATE("third", "default", "second");
  world.forward("second", bus_arn(third));
  world.put_one();
  CHECK(world.logged("second").size() == 1);
  CHECK(world.logged().size() == 1);
  CHECK(world.logged("third").empty());
  const auto letters = world.receive("dead");
  REQUIRE(letters.size() == 1);
  const auto& attributes = *letters[0].message_attributes;
  CHECK(attributes.at("ERROR_CODE").string_value == "THIRD_ACCOUNT_HOP_DETECTED");
  CHECK(attributes.at("TARGET_ARN").string_value == bus_arn(third));
  const auto text = attributes.at("ERROR_MESSAGE").string_value.value_or("");
  CHECK(text.starts_with("Event ingestion rejected for event "));
  CHECK(
      text.ends_with(" because an event can be sent to an event bus target only once. This event "
                     "was previously delivered to an event bus target."));
}

TEST_CASE("a third region is told from a third account", "[forwarding]") {
  Forwarding world;
  REQUIRE_FALSE(world.create_bus("second").error);
  world.forward("", bus_arn("second"));
  world.forward("second", bus_arn("default", "000000000000", "eu-west-1"));
  world.put_one();
  CHECK(world.dead_letter_error() == "THIRD_REGION_HOP_DETECTED");
}

TEST_CASE("another region's bus takes the event, which keeps its own region", "[forwarding]") {
  Forwarding world;
  world.forward("", bus_arn("default", "000000000000", "eu-west-1"));
  world.put_one();
  world.caller.region = "eu-west-1";
  const auto logged = world.logged();
  REQUIRE(logged.size() == 1);
  CHECK(logged[0].find(R"("region":"us-east-1")") != std::string::npos);
}

TEST_CASE("another account's bus takes an event only if its policy says so", "[forwarding]") {
  Forwarding world;
  world.forward("", bus_arn("default", other_account));
  world.put_one();
  CHECK(world.dead_letter_error() == "NO_PERMISSIONS");
  world.as(other_account, [&] {
    api::PutPermissionRequest allow;
    allow.action = "events:PutEvents";
    allow.principal = "000000000000";
    allow.statement_id = "s";
    REQUIRE_FALSE(world.call<&Broker::put_permission>(allow).error);
  });
  world.put_one();
  world.as(other_account, [&] { CHECK(world.logged().size() == 1); });
}

TEST_CASE("a bus that does not exist makes a dead letter", "[forwarding]") {
  Forwarding world;
  world.forward("", bus_arn("gone"));
  world.put_one();
  CHECK(world.dead_letter_error() == "NO_RESOURCE");
}

TEST_CASE("an input may make another event of the one forwarded, or nothing", "[forwarding]") {
  Forwarding world;
  REQUIRE_FALSE(world.create_bus("second").error);
  const auto queue = world.route("orders", pattern, "second");
  world.create_queue("dead");
  REQUIRE_FALSE(world.put_rule("forward", pattern).error);
  auto target = target_of("bus", bus_arn("second"));
  target.dead_letter_config.emplace().arn = queue_arn("dead");
  SECTION("an event") {
    target.input = R"({"source":"shop","detail":{"made":true}})";
    REQUIRE_FALSE(world.put_targets("forward", {target}).error);
    world.put_one();
    CHECK(world.bodies(queue) == std::vector<std::string>{*target.input});
  }
  SECTION("no event") {
    target.input_path = "$.detail.orderId";
    REQUIRE_FALSE(world.put_targets("forward", {target}).error);
    world.put_one();
    CHECK(world.bodies(queue).empty());
    CHECK(world.dead_letter_error() == "INVALID_JSON");
  }
}

TEST_CASE("a bus of another account takes events only as they are", "[forwarding]") {
  Forwarding world;
  REQUIRE_FALSE(world.put_rule("forward", pattern).error);
  auto target = target_of("bus", bus_arn("default", other_account));
  target.input = "{}";
  CHECK(message_of(world.put_targets("forward", {target})) ==
        "Input, InputPath and InputTransformer are not supported for target bus: it is an event "
        "bus of another account.");
}

TEST_CASE("a wide fan-out on the second bus goes on in slices, over a restart", "[forwarding]") {
  Settings settings;
  settings.fan_out_messages_max = 3;
  Forwarding world(settings);
  REQUIRE_FALSE(world.create_bus("second").error);
  world.forward("", bus_arn("second"));
  std::vector<std::string> queues;
  for (const auto* name : {"a", "b", "c", "d", "e"}) {
    queues.push_back(world.route(name, pattern, "second"));
  }
  // What was forwarded stays so in a task that is read again.
  world.forward("second", bus_arn("default"));
  world.put_one();
  world.restart();
  world.settle();
  for (const auto& queue : queues) CHECK(world.bodies(queue).size() == 1);
  CHECK(world.dead_letter_error() == "THIRD_ACCOUNT_HOP_DETECTED");
  CHECK(world.logged().size() == 1);
}
