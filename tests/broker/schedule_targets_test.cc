// What schedules invoke: queues, buses, URLs, universal targets; and what becomes of what fails.
#include <catch2/catch.hpp>
#include <set>

#include "tests/broker/scheduler_fixture.h"

namespace signalbox::broker {

using namespace test;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr auto send_message_arn = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage";
constexpr auto put_events_arn = "arn:aws:scheduler:::aws-sdk:eventbridge:putEvents";
constexpr auto url = "http://127.0.0.1:9/hook";

// A schedule of four o'clock with the dead-letter queue "dead".
scheduler::ScheduleRequest at_four(const std::string& target_arn, const std::string& input) {
  auto request = schedule_of("once", "at(2026-01-02T04:00:00)", target_arn);
  request.target.input = input;
  request.target.dead_letter_config.emplace().arn = queue_arn("dead");
  return request;
}

std::string text_of(const api::Message& message, const std::string& attribute) {
  const auto& attributes = *message.message_attributes;
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? "(none)" : at->second.string_value.value_or("");
}

AttemptResult refused(bool is_worth_retrying) {
  AttemptResult result;
  result.failure = DeliveryFailure{"ERROR_FROM_TARGET", "The target answered with status 500."};
  result.is_worth_retrying = is_worth_retrying;
  return result;
}

}  // namespace

TEST_CASE("an invocation that fails goes to the dead-letter queue, with the reason",
          "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead");
  REQUIRE_FALSE(world.create(at_four(queue_arn("missing"), "hello")).error);
  world.advance(hours(1));
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].body == "hello");
  CHECK(text_of(letters[0], "ERROR_CODE") == "AWS.SimpleQueueService.NonExistentQueue");
  CHECK(text_of(letters[0], "ERROR_MESSAGE") ==
        "The specified queue does not exist for this wsdl version.");
  CHECK(text_of(letters[0], "SCHEDULE_ARN") ==
        "arn:aws:scheduler:us-east-1:000000000000:schedule/default/once");
  CHECK(text_of(letters[0], "TARGET_ARN") == queue_arn("missing"));
  CHECK(text_of(letters[0], "SCHEDULED_TIME") == "2026-01-02T04:00:00Z");
  CHECK(text_of(letters[0], "EXECUTION_ID").size() == 16);
  CHECK(text_of(letters[0], "RETRY_ATTEMPTS") == "0");
  CHECK(text_of(letters[0], "EXHAUSTED_RETRY_CONDITION") == "(none)");
  CHECK(text_of(letters[0], "IS_PAYLOAD_TRUNCATED") == "false");
  CHECK(text_of(letters[0], "RULE_ARN") == "(none)");
}

TEST_CASE("a payload that the dead-letter queue cannot hold is cut, between characters",
          "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead", {{"MaximumMessageSize", "1024"}});
  std::string input;
  for (int i = 0; i < 1000; ++i) input += "ä";
  REQUIRE_FALSE(world.create(at_four(queue_arn("missing"), input)).error);
  world.advance(hours(1));
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(text_of(letters[0], "IS_PAYLOAD_TRUNCATED") == "true");
  CHECK(input.starts_with(letters[0].body));
  CHECK(letters[0].body.size() % 2 == 0);
  CHECK(letters[0].body.size() > 100);
}

TEST_CASE("targets of other kinds are stored, and their invocations dead letters", "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead");
  const std::string topic = "arn:aws:sns:us-east-1:000000000000:t";
  REQUIRE_FALSE(world.create(at_four(topic, "{}")).error);
  CHECK(world.get("once").response.target.arn == topic);
  world.advance(hours(1));
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(text_of(letters[0], "ERROR_CODE") == "INVALID_PARAMETER");
}

TEST_CASE("a FIFO queue is a target with its message group", "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead");
  const auto queue =
      world.create_queue("q.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}});
  auto request = at_four(queue_arn("q.fifo"), "hello");
  request.target.sqs_parameters.emplace().message_group_id = "g";
  REQUIRE_FALSE(world.create(request).error);
  request.name = "ungrouped";
  request.target.sqs_parameters.reset();
  REQUIRE_FALSE(world.create(request).error);
  world.advance(minutes(50));
  // After a restart the disk knows what the queue has accepted: the same message is a duplicate.
  request.name = "again";
  request.schedule_expression = "at(2026-01-02T04:04:00)";
  request.target.sqs_parameters.emplace().message_group_id = "g";
  REQUIRE_FALSE(world.create(request).error);
  request.name = "another";
  request.target.input = "another";
  REQUIRE_FALSE(world.create(request).error);
  world.advance(minutes(6));
  world.restart();
  world.advance(minutes(10));
  CHECK(world.taken(queue) == Bodies{"hello", "another"});
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(text_of(letters[0], "ERROR_CODE") == "MissingParameter");
  CHECK(text_of(letters[0], "ERROR_MESSAGE") ==
        "The request must contain the parameter MessageGroupId.");
}

TEST_CASE("a bus is a target: the input is the detail of an event that rules match",
          "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead");
  REQUIRE_FALSE(world.create_bus("orders").error);
  const auto queue = world.route("r", R"({"source":["clock"],"detail":{"a":[1]}})", "orders");
  auto request = at_four("arn:aws:events:us-east-1:000000000000:event-bus/orders", R"({"a":1})");
  CHECK(message_of(world.create(request)) ==
        "EventBridgeParameters is required for an event bus target.");
  request.target.event_bridge_parameters = scheduler::EventBridgeParameters{"Tick", "clock"};
  REQUIRE_FALSE(world.create(request).error);
  request.name = "broken";
  request.target.input = "no JSON";
  REQUIRE_FALSE(world.create(request).error);
  request.name = "nowhere";
  request.target.arn += "-missing";
  REQUIRE_FALSE(world.create(request).error);
  world.advance(hours(1));
  const auto bodies = world.taken(queue);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].find(R"("detail-type":"Tick","source":"clock")") != std::string::npos);
  CHECK(bodies[0].ends_with(R"("detail":{"a":1}})"));
  std::set<std::string> codes;
  for (const auto& letter : world.receive(dead)) codes.insert(text_of(letter, "ERROR_CODE"));
  CHECK(codes == std::set<std::string>{"MalformedDetail", "NO_RESOURCE"});
}

TEST_CASE("universal targets: the input is the request of an operation", "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead");
  const auto queue = world.create_queue("q");
  const auto routed = world.route("r", R"({"source":["clock"]})");
  REQUIRE_FALSE(
      world
          .create(
              at_four(send_message_arn,
                      R"({"QueueUrl":")" + queue +
                          R"(","MessageBody":"<aws.scheduler.scheduled-time>","DelaySeconds":60,)"
                          R"("MessageAttributes":{"n":{"DataType":"Number","StringValue":"7"}}})"))
          .error);
  auto events = at_four(
      put_events_arn, R"({"Entries":[{"Source":"clock","DetailType":"t","Detail":"{\"a\":1}"}]})");
  events.name = "events";
  REQUIRE_FALSE(world.create(events).error);
  for (const std::string input : {"{}", "no JSON", R"({"QueueUrl":5,"MessageBody":"x"})"}) {
    auto broken = at_four(send_message_arn, input);
    broken.name = "broken" + std::to_string(input.size());
    REQUIRE_FALSE(world.create(broken).error);
  }
  world.advance(time_at("2026-01-02T04:00:30Z") - world.clock().wall());
  CHECK(world.receive(queue).empty());
  world.advance(seconds(30));
  const auto messages = world.receive(queue);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].body == "2026-01-02T04:00:00Z");
  CHECK(text_of(messages[0], "n") == "7");
  const auto bodies = world.taken(routed);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].ends_with(R"("detail":{"a":1}})"));
  const auto letters = world.receive(dead);
  CHECK(letters.size() == 3);
  for (const auto& letter : letters) CHECK(text_of(letter, "ERROR_CODE") == "INVALID_JSON");
}

TEST_CASE("a URL is posted to, again and again as the retry policy says", "[scheduler]") {
  SchedulerWorld world;
  const auto dead = world.create_queue("dead");
  auto request = at_four(url, "attempt <aws.scheduler.attempt-number>");
  request.target.retry_policy.emplace().maximum_retry_attempts = 2;
  request.action_after_completion = "DELETE";
  REQUIRE_FALSE(world.create(request).error);
  world.advance(hours(1));
  // The schedule is gone, its delivery is not: over a restart, too.
  CHECK(world.get("once").error);
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.attempts[0].http.url == url);
  CHECK(world.end_next_attempt(refused(true)).http.body == "attempt 1");
  world.advance(minutes(1));
  REQUIRE(world.attempts.size() == 1);
  world.attempts.clear();
  world.restart();
  REQUIRE(world.load_problem().empty());
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.end_next_attempt(refused(true)).http.body == "attempt 2");
  world.advance(minutes(1));
  CHECK(world.end_next_attempt(refused(true)).http.body == "attempt 3");
  const auto letters = world.receive(dead);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].body == "attempt 3");
  CHECK(text_of(letters[0], "EXHAUSTED_RETRY_CONDITION") == "MaximumRetryAttempts");
  CHECK(text_of(letters[0], "RETRY_ATTEMPTS") == "2");
  CHECK(text_of(letters[0], "SCHEDULED_TIME") == "2026-01-02T04:00:00Z");
  CHECK(text_of(letters[0], "TARGET_ARN") == url);
  world.restart();
  world.advance(hours(1));
  CHECK(world.attempts.empty());
}

TEST_CASE("a deleted schedule's deliveries are not tried again", "[scheduler]") {
  SchedulerWorld world;
  REQUIRE_FALSE(world.create(at_four(url, "hello")).error);
  world.advance(hours(1));
  REQUIRE(world.attempts.size() == 1);
  REQUIRE_FALSE(world.erase("once").error);
  world.end_next_attempt(refused(true));
  world.advance(hours(1));
  CHECK(world.attempts.empty());
}

TEST_CASE("a queue of another account and region is reached by its ARN", "[scheduler]") {
  SchedulerWorld world;
  world.caller.region = "eu-west-1";
  world.caller.account = "111122223333";
  const auto queue = world.create_queue("q");
  world.caller = {};
  REQUIRE_FALSE(world.create(at_four("arn:aws:sqs:eu-west-1:111122223333:q", "hello")).error);
  world.advance(hours(1));
  world.caller.region = "eu-west-1";
  world.caller.account = "111122223333";
  CHECK(world.taken(queue) == Bodies{"hello"});
}

}  // namespace signalbox::broker
