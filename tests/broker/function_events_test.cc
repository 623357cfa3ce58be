// Events of functions: kept, handed to a worker when there is one, tried again, and told of in the
// end.
#include <catch2/catch.hpp>

#include "tests/broker/function_shop.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using functions::Functions;
namespace wire = api::lambda;

namespace {

struct EventShop : test::FunctionShop {
  using FunctionShop::FunctionShop;

  std::string put(const std::string& payload, const std::string& name = "orders") {
    const auto invoked = invoke(payload, name, "Event");
    REQUIRE(invoked->released);
    CHECK(invoked->response.status_code == 202);
    return "request-" + invoked->response.executed_version.value_or("");
  }
  // A function's configuration with a dead-letter queue.
  std::string with_dead_letters() {
    const auto queue = create_queue("dead");
    wire::UpdateFunctionConfigurationRequest request;
    request.function_name = "orders";
    request.dead_letter_config.emplace().target_arn = queue_arn("dead");
    REQUIRE_FALSE(call<&Functions::update_function_configuration>(request).error);
    return queue;
  }
};

}  // namespace

TEST_CASE("an event is answered at once, and waits for a worker", "[functions]") {
  EventShop world;
  world.put("1");
  world.put("2");
  world.advance(60s);
  const auto first = world.next();
  CHECK(EventShop::payload_of(first) == "1");
  CHECK(world.respond(first, "null"));
  const auto second = world.next();
  CHECK(EventShop::payload_of(second) == "2");
  const auto idle = world.next();
  CHECK_FALSE(idle->released);
  world.put("3");
  CHECK(EventShop::payload_of(idle) == "3");
}

TEST_CASE("an event survives a restart, with the worker or before", "[functions]") {
  EventShop world;
  world.put("1");
  world.put("2");
  const auto begun = world.next();
  world.restart();
  CHECK(world.load_problem().empty());
  CHECK_FALSE(world.respond(begun, "null"));
  const auto first = world.next();
  const auto second = world.next();
  CHECK(EventShop::payload_of(first) == "1");
  CHECK(EventShop::payload_of(second) == "2");
  CHECK(world.respond(first, "null"));
  CHECK(world.respond(second, "null"));
  world.restart();
  CHECK_FALSE(world.next()->released);
}

TEST_CASE("an event is tried again after one minute, then after two, and no more", "[functions]") {
  EventShop world;
  const auto dead = world.with_dead_letters();
  world.put("\"x\"");
  CHECK(world.fail(world.next(), R"({"errorType":"E","errorMessage":"m1"})"));
  auto again = world.next();
  world.advance(59s);
  CHECK_FALSE(again->released);
  world.advance(1s);
  CHECK(EventShop::payload_of(again) == "\"x\"");
  CHECK(world.fail(again, R"({"errorType":"E","errorMessage":"m2"})"));
  again = world.next();
  world.advance(119s);
  CHECK_FALSE(again->released);
  world.advance(1s);
  CHECK(world.receive(dead).empty());
  CHECK(world.fail(again, R"({"errorType":"E","errorMessage":"m3"})"));
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].body == "\"x\"");
  auto attributes = *letters[0].message_attributes;
  CHECK(attributes["ErrorMessage"].string_value == "m3");
  CHECK(attributes["ErrorCode"].string_value == "200");
  CHECK(attributes["ErrorCode"].data_type == "Number");
  CHECK(attributes["RequestID"].string_value == again->response.request_id);
  CHECK_FALSE(world.next()->released);
}

TEST_CASE("events go on when more of the function may run again", "[functions]") {
  EventShop world;
  const auto worker = world.next();
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 0}).error);
  world.put("1");
  world.advance(60s);
  CHECK_FALSE(worker->released);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 1}).error);
  CHECK(EventShop::payload_of(worker) == "1");
  world.put("2");
  const auto other = world.next();
  CHECK_FALSE(other->released);
  REQUIRE_FALSE(world.call<&Functions::delete_function_concurrency>({"orders"}).error);
  CHECK(EventShop::payload_of(other) == "2");
}

TEST_CASE("what is reserved is for all versions: one that ends makes room for another's event",
          "[functions]") {
  EventShop world;
  REQUIRE_FALSE(world.call<&Functions::publish_version>({"orders", {}, {}, {}}).error);
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 1}).error);
  const auto running = world.invoke("1");
  const auto asked = world.next();
  const auto of_version = world.next("orders:1");
  world.put("2", "orders:1");
  CHECK_FALSE(of_version->released);
  CHECK(world.respond(asked, "1"));
  CHECK(running->released);
  CHECK(EventShop::payload_of(of_version) == "2");
}

TEST_CASE("with nothing reserved events go where failures go, at once", "[functions]") {
  EventShop world;
  const auto dead = world.with_dead_letters();
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 0}).error);
  world.put("1");
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].body == "1");
  REQUIRE_FALSE(world.call<&Functions::delete_function_concurrency>({"orders"}).error);
  CHECK_FALSE(world.next()->released);
}

TEST_CASE("events that wait go where failures go once that is said", "[functions]") {
  EventShop world;
  REQUIRE_FALSE(world.call<&Functions::put_function_concurrency>({"orders", 0}).error);
  world.put("1");
  world.put("2");
  const auto failed = world.create_queue("failed");
  wire::FunctionEventInvokeConfigRequest config;
  config.function_name = "orders";
  config.destination_config.emplace().on_failure.emplace().destination =
      EventShop::queue_arn("failed");
  REQUIRE_FALSE(world.call<&Functions::put_function_event_invoke_config>(config).error);
  CHECK(world.receive(failed).size() == 2);
}

TEST_CASE("an event that nobody runs for six hours is given up", "[functions]") {
  EventShop world;
  const auto dead = world.with_dead_letters();
  world.put("1");
  world.advance(6h - 1s);
  CHECK(world.receive(dead).empty());
  world.advance(1s);
  REQUIRE(world.receive(dead).size() == 1);
  CHECK_FALSE(world.next()->released);
}

TEST_CASE("a retry that waits survives a restart", "[functions]") {
  EventShop world;
  world.put("1");
  CHECK(world.fail(world.next(), "{}"));
  world.advance(30s);
  world.restart();
  const auto again = world.next();
  world.advance(29s);
  CHECK_FALSE(again->released);
  world.advance(2s);
  CHECK(EventShop::payload_of(again) == "1");
}

TEST_CASE("a rule's target that is a function is invoked with the event", "[functions]") {
  EventShop world;
  const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:orders";
  world.call<&Broker::put_rule>({.name = "r", .event_pattern = R"({"source":["shop"]})"});
  api::PutTargetsRequest targets;
  targets.rule = "r";
  targets.targets.push_back({.id = "f", .arn = arn});
  REQUIRE_FALSE(world.call<&Broker::put_targets>(targets).error);
  api::PutEventsRequest events;
  events.entries.push_back({.source = "shop",
                            .detail_type = "T",
                            .detail = R"({"id":7})",
                            .trace_header = "Root=1-2-3"});
  REQUIRE_FALSE(world.call<&Broker::put_events>(events).error);
  world.restart();
  const auto asked = world.next();
  CHECK(EventShop::payload_of(asked).find(R"("detail":{"id":7})") != std::string::npos);
  CHECK(asked->response.trace_id == "Root=1-2-3");
}

TEST_CASE("a rule's event for a function that is not there is a dead letter", "[functions]") {
  EventShop world;
  const auto dead = world.create_queue("dead");
  world.call<&Broker::put_rule>({.name = "r", .event_pattern = R"({"source":["shop"]})"});
  api::PutTargetsRequest targets;
  targets.rule = "r";
  targets.targets.push_back(
      {.id = "f",
       .arn = "arn:aws:lambda:us-east-1:000000000000:function:nobody",
       .dead_letter_config = api::DeadLetterConfig{EventShop::queue_arn("dead")}});
  REQUIRE_FALSE(world.call<&Broker::put_targets>(targets).error);
  api::PutEventsRequest events;
  events.entries.push_back({.source = "shop", .detail_type = "T", .detail = "{}"});
  REQUIRE_FALSE(world.call<&Broker::put_events>(events).error);
  auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK((*letters[0].message_attributes)["ERROR_CODE"].string_value == "NO_RESOURCE");
}

TEST_CASE("a function that is a URL is posted to, and the answer is its", "[functions]") {
  EventShop world;
  world.create("web", 5, "http://localhost:9/invoke");
  const auto invoked = world.invoke("{\"a\":1}", "web");
  REQUIRE(world.attempts.size() == 1);
  const auto& http = world.attempts.front().http;
  CHECK(http.method == "POST");
  CHECK(http.url == "http://localhost:9/invoke");
  CHECK(http.body == "{\"a\":1}");
  CHECK(http.timeout == 5s);
  CHECK_FALSE(invoked->released);
  world.end_next_attempt({.http_status = 200, .body = "{\"b\":2}"});
  REQUIRE(invoked->released);
  CHECK(invoked->response.payload->bytes == "{\"b\":2}");
  CHECK_FALSE(invoked->response.function_error);
  const auto failed = world.invoke("1", "web");
  auto refused = result_of_status(500, {});
  refused.body = "no json";
  world.end_next_attempt(refused);
  REQUIRE(failed->released);
  CHECK(failed->response.function_error == "Unhandled");
  CHECK(failed->response.payload->bytes.find("status 500") != std::string::npos);
}

namespace {

// The function's events are tried once, and told of to these.
void set_destinations(EventShop& world, const std::string& on_failure,
                      const std::string& on_success = "",
                      const std::optional<std::string>& qualifier = {}) {
  wire::FunctionEventInvokeConfigRequest request;
  request.function_name = "orders";
  request.qualifier = qualifier;
  request.maximum_retry_attempts = 0;
  auto& destinations = request.destination_config.emplace();
  if (!on_failure.empty()) destinations.on_failure.emplace().destination = on_failure;
  if (!on_success.empty()) destinations.on_success.emplace().destination = on_success;
  REQUIRE_FALSE(world.call<&Functions::put_function_event_invoke_config>(request).error);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an on-failure destination gets a record of the event", "[functions]") {
  EventShop world;
  const auto queue = world.create_queue("failed");
  set_destinations(world, EventShop::queue_arn("failed"));
  world.put(R"({"id":7})");
  CHECK(world.fail(world.next(), R"({"errorType":"E","errorMessage":"m"})"));
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  const std::string& record = messages[0].body;
  CAPTURE(record);
  CHECK(has(record, R"("condition":"RetriesExhausted","approximateInvokeCount":1)"));
  CHECK(has(record,
            R"("functionArn":"arn:aws:lambda:us-east-1:000000000000:function:orders:$LATEST")"));
  CHECK(has(record, R"("requestPayload":{"id":7})"));
  CHECK(has(record, R"("functionError":"Unhandled")"));
  CHECK(has(record, R"("responsePayload":{"errorType":"E","errorMessage":"m"})"));
}

TEST_CASE("destinations may be a bus and another function", "[functions]") {
  EventShop world;
  world.create("audit", 5);
  const auto queue = world.create_queue("told");
  world.call<&Broker::put_rule>({.name = "r", .event_pattern = R"({"source":["lambda"]})"});
  api::PutTargetsRequest targets;
  targets.rule = "r";
  targets.targets.push_back({.id = "q", .arn = EventShop::queue_arn("told")});
  REQUIRE_FALSE(world.call<&Broker::put_targets>(targets).error);
  set_destinations(world, "arn:aws:lambda:us-east-1:000000000000:function:audit",
                   "arn:aws:events:us-east-1:000000000000:event-bus/default");
  world.put("1");
  CHECK(world.respond(world.next(), "\"done\""));
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(has(messages[0].body, "Lambda Function Invocation Result - Success"));
  CHECK(has(messages[0].body, R"("responsePayload":"done")"));
  world.put("2");
  CHECK(world.fail(world.next(), "{}"));
  CHECK(has(EventShop::payload_of(world.next("audit")), R"("requestPayload":2)"));
}

TEST_CASE("an alias has limits and destinations of its own", "[functions]") {
  EventShop world;
  const auto queue = world.create_queue("failed");
  wire::CreateAliasRequest alias;
  alias.function_name = "orders";
  alias.name = "live";
  alias.function_version = "$LATEST";
  REQUIRE_FALSE(world.call<&Functions::create_alias>(alias).error);
  set_destinations(world, EventShop::queue_arn("failed"), "", "live");
  world.put("1", "orders:live");
  CHECK(world.fail(world.next("orders:live"), "{}", "orders:live"));
  CHECK(world.receive(queue).size() == 1);
  // The function's own are the service's.
  world.put("2");
  CHECK(world.fail(world.next(), "{}"));
  const auto again = world.next();
  world.advance(60s);
  CHECK(EventShop::payload_of(again) == "2");
}

TEST_CASE("a destination that is gone is counted, and holds up nothing", "[functions]") {
  EventShop world;
  set_destinations(world, EventShop::queue_arn("gone"));
  world.put("1");
  CHECK(world.fail(world.next(), "{}"));
  const auto& services = world.engine().broker()->services();
  CHECK(services.functions->counters.destinations_failed == 1);
  CHECK_FALSE(world.next()->released);
}
