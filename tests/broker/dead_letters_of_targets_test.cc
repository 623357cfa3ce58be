// Events that a target cannot take at all go to its dead-letter queue, in the event's own batch.
#include "tests/broker/events_fixture.h"

using namespace signalbox::broker;
using test::EventsWorld;
using test::queue_arn;
using test::target_of;

namespace {

constexpr auto pattern = R"({"source":["shop"]})";

api::Target with_dead_letters(api::Target target, const std::string& queue = "dead") {
  target.dead_letter_config.emplace().arn = queue_arn(queue);
  return target;
}

struct Letter {
  std::string body;
  std::map<std::string, std::string> attributes;
};

struct Undeliverable : EventsWorld {
  Undeliverable() {
    create_queue("dead");
    REQUIRE_FALSE(put_rule("r", pattern).error);
  }
  // Routes one event to the target; what is in the dead-letter queue then.
  std::vector<Letter> undeliverable(const api::Target& target, const std::string& detail = "{}") {
    REQUIRE_FALSE(put_targets("r", {target}).error);
    REQUIRE(put({test::entry_of("shop", "Order", detail)}).response.failed_entry_count == 0);
    return letters();
  }
  std::vector<Letter> letters() {
    std::vector<Letter> all;
    for (const auto& message : receive("dead")) {
      auto& letter = all.emplace_back();
      letter.body = message.body;
      REQUIRE(message.message_attributes);
      for (const auto& [name, value] : *message.message_attributes) {
        CHECK(value.data_type == "String");
        letter.attributes[name] = value.string_value.value_or("");
      }
    }
    return all;
  }
};

}  // namespace

TEST_CASE("an event for a queue that does not exist becomes a dead letter", "[delivery]") {
  Undeliverable world;
  const auto letters = world.undeliverable(with_dead_letters(target_of("t", queue_arn("gone"))),
                                           R"({"orderId":"o-1"})");
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].body.find(R"("detail":{"orderId":"o-1"})") != std::string::npos);
  CHECK(letters[0].body.starts_with(R"({"version":"0","id":)"));
  CHECK(letters[0].attributes == std::map<std::string, std::string>{
                                     {"RULE_ARN", "arn:aws:events:us-east-1:000000000000:rule/r"},
                                     {"TARGET_ARN", queue_arn("gone")},
                                     {"ERROR_CODE", "NO_RESOURCE"},
                                     {"ERROR_MESSAGE", "The specified queue does not exist."},
                                     {"RETRY_ATTEMPTS", "0"}});
}

TEST_CASE("a dead letter is the event itself, not what the target's input made of it",
          "[delivery]") {
  Undeliverable world;
  auto target = with_dead_letters(target_of("t", queue_arn("gone")));
  target.input = R"({"fixed":true})";
  const auto letters = world.undeliverable(target);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].body.find("\"detail-type\":\"Order\"") != std::string::npos);
}

TEST_CASE("what a queue cannot take becomes a dead letter with the reason", "[delivery]") {
  Undeliverable world;
  SECTION("too large") {
    world.create_queue("small", {{"MaximumMessageSize", "1024"}});
    const auto letters = world.undeliverable(with_dead_letters(target_of("t", queue_arn("small"))),
                                             R"({"pad":")" + std::string(2000, 'x') + R"("})");
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].attributes.at("ERROR_CODE") == "INVALID_PARAMETER");
  }
  SECTION("an input that makes no JSON") {
    world.create_queue("q");
    auto target = with_dead_letters(target_of("t", queue_arn("q")));
    target.input_path = "$.detail.nothing";
    const auto letters = world.undeliverable(target);
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].attributes.at("ERROR_CODE") == "INVALID_JSON");
    CHECK(world.bodies("q").empty());
  }
  SECTION("a FIFO queue without content-based deduplication") {
    world.create_queue("q.fifo", {{"FifoQueue", "true"}});
    auto target = with_dead_letters(target_of("t", queue_arn("q.fifo")));
    target.sqs_parameters.emplace().message_group_id = "g";
    const auto letters = world.undeliverable(target);
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].attributes.at("ERROR_CODE") == "INVALID_PARAMETER");
  }
  CHECK(world.counters().dead_letters == 1);
}

TEST_CASE("an event whose dead-letter queue is missing is counted as lost", "[delivery]") {
  Undeliverable world;
  CHECK(
      world.undeliverable(with_dead_letters(target_of("t", queue_arn("gone")), "nowhere")).empty());
  CHECK(world.counters().dead_letters == 0);
  CHECK(world.counters().undelivered_missing == 1);
  CHECK(world.counters().lost == 1);
}

TEST_CASE("an event for a service that is not here goes to the dead-letter queue", "[delivery]") {
  Undeliverable world;
  const auto letters = world.undeliverable(
      with_dead_letters(target_of("t", "arn:aws:sns:us-east-1:000000000000:topic")));
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].attributes.at("ERROR_CODE") == "INVALID_PARAMETER");
  CHECK(world.counters().undelivered_targets == 1);
}

TEST_CASE("only a standard queue in the rule's region may take dead letters", "[delivery]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", pattern).error);
  auto target = target_of("t", queue_arn("q"));
  const std::string arn =
      GENERATE("x", "arn:aws:sns:us-east-1:000000000000:q",
               "arn:aws:sqs:us-east-1:000000000000:d.fifo", "arn:aws:sqs:eu-west-1:000000000000:d");
  target.dead_letter_config.emplace().arn = arn;
  CHECK(world.put_targets("r", {target}).error->code == ErrorCode::validation);
  target.dead_letter_config->arn = "arn:aws:sqs:us-east-1:111122223333:d";
  CHECK_FALSE(world.put_targets("r", {target}).error);
}

TEST_CASE("dead letters of a wide fan-out are kept, too", "[delivery]") {
  Settings settings;
  settings.fan_out_messages_max = 1;
  EventsWorld world(settings);
  world.create_queue("dead");
  world.create_queue("q");
  REQUIRE_FALSE(world.put_rule("r", pattern).error);
  REQUIRE_FALSE(world
                    .put_targets("r", {target_of("a", queue_arn("q")),
                                       with_dead_letters(target_of("b", queue_arn("gone")))})
                    .error);
  world.put({test::entry_of("shop", "Order", "{}")});
  CHECK(world.bodies("q").size() == 1);
  CHECK(world.bodies("dead").size() == 1);
}
