// What a bus's LogConfig tells of each event, step by step.
#include <algorithm>

#include "broker/api/sqs.h"
#include "broker/delivery/step_record.h"
#include "storage/faulty_store.h"
#include "tests/broker/destinations_fixture.h"

using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using signalbox::storage::Outcome;
using test::entry_of;
using test::EventsWorld;
using test::queue_arn;
using test::target_of;

namespace {

constexpr auto pattern = R"({"source":["shop"]})";
using Names = std::vector<std::string>;

struct Steps : EventsWorld {
  explicit Steps(const std::string& level = "TRACE", const std::string& detail = "NONE",
                 std::shared_ptr<signalbox::storage::Store> store = std::make_shared<MemoryStore>())
      : EventsWorld({}, std::move(store)) {
    api::CreateEventBusRequest request;
    request.name = "logged";
    request.log_config = api::LogConfig{detail, level};
    REQUIRE_FALSE(call<&Broker::create_event_bus>(request).error);
  }
  void put_one(const std::string& detail = R"({"orderId":"o-1"})") {
    put({entry_of("shop", "Order", detail, "logged")});
  }
  void route_to(api::Target target) {
    create_queue("dead");
    REQUIRE_FALSE(put_rule("r", pattern, "logged").error);
    target.dead_letter_config.emplace().arn = queue_arn("dead");
    REQUIRE_FALSE(put_targets("r", {std::move(target)}, "logged").error);
  }
  // The message types that have left, in order; forgets them.
  Names names() {
    Names all;
    for (const auto& record : std::exchange(steps, {}))
      all.push_back(member(record, "message_type"));
    return all;
  }
  // A text member of the record, empty when it is not there.
  static std::string member(const StepRecord& record, const std::string& name) {
    const std::string& json = record.line.message;
    const std::string start = "\"" + name + "\":\"";
    const auto at = json.find(start);
    if (at == std::string::npos) return {};
    const auto from = at + start.size();
    return json.substr(from, json.find('"', from) - from);
  }
};

}  // namespace

TEST_CASE("at level TRACE a delivery to a queue tells every step in order", "[steps]") {
  Steps world;
  world.route("orders", pattern, "logged");
  world.put_one();
  CHECK(world.names() == Names{"EVENT_RECEIPT", "EVENT_INGEST_SUCCESS", "RULE_MATCH_START",
                               "RULE_MATCH", "INVOCATION_START", "INVOCATION_ATTEMPT_START",
                               "INVOCATION_ATTEMPT_SUCCESS", "INVOCATION_SUCCESS"});
}

TEST_CASE("lower levels tell less, and OFF nothing", "[steps]") {
  const auto [level, told] = GENERATE(
      table<std::string, Names>({{"INFO", {"RULE_MATCH", "INVOCATION_START", "INVOCATION_SUCCESS"}},
                                 {"ERROR", {}},
                                 {"OFF", {}}}));
  Steps world(level);
  world.route("orders", pattern, "logged");
  world.put_one();
  CHECK(world.names() == told);
}

TEST_CASE("a bus without a LogConfig tells nothing", "[steps]") {
  Steps world;
  world.route("orders", pattern);
  world.put({entry_of("shop", "Order", "{}")});
  CHECK(world.names().empty());
}

TEST_CASE("an event that no rule matches is told of", "[steps]") {
  Steps world("INFO");
  world.put_one();
  CHECK(world.names() == Names{"NO_STANDARD_RULES_MATCHED"});
}

TEST_CASE("a refused event is told of with the reason", "[steps]") {
  Steps world("ERROR");
  world.put({entry_of("shop", "Order", "[]", "logged")});
  REQUIRE(world.steps.size() == 1);
  CHECK(Steps::member(world.steps[0], "message_type") == "EVENT_INGEST_FAILURE");
  CHECK(Steps::member(world.steps[0], "error_message") == "Detail is malformed.");
  CHECK(world.steps[0].level == StepLevel::error);
}

TEST_CASE("a record names the bus, the event and its log group", "[steps]") {
  Steps world;
  world.caller.request_id = "request-1";
  world.put_one();
  const auto& record = world.steps.at(0);
  CHECK(record.line.group ==
        LogGroup{"000000000000", "us-east-1", "/aws/vendedlogs/events/event-bus/logged"});
  CHECK(Steps::member(record, "resource_arn") ==
        "arn:aws:events:us-east-1:000000000000:event-bus/logged");
  CHECK(Steps::member(record, "request_id") == "request-1");
  CHECK(Steps::member(record, "event_id").size() == 36);
  CHECK(Steps::member(record, "source") == "shop");
  CHECK(Steps::member(record, "detail_type") == "Order");
  CHECK(Steps::member(record, "caller_account_id") == "000000000000");
}

TEST_CASE("the event's detail is shown only to those who ask for it", "[steps]") {
  const bool shown = GENERATE(true, false);
  Steps world("TRACE", shown ? "FULL" : "NONE");
  world.route("orders", pattern, "logged");
  world.put_one(R"({"orderId":"o-77"})");
  const bool found = std::any_of(world.steps.begin(), world.steps.end(), [](const auto& record) {
    return record.line.message.find("o-77") != std::string::npos;
  });
  CHECK(found == shown);
}

TEST_CASE("an event that cannot be delivered tells of its failure and its dead letter", "[steps]") {
  Steps world("ERROR");
  world.route_to(target_of("t", queue_arn("gone")));
  world.put_one();
  const auto id = Steps::member(world.steps.at(0), "invocation_id");
  for (const auto& record : world.steps) CHECK(Steps::member(record, "invocation_id") == id);
  CHECK(Steps::member(world.steps.back(), "dlq_arn") == queue_arn("dead"));
  CHECK(world.names() ==
        Names{"INVOCATION_ATTEMPT_PERMANENT_FAILURE", "INVOCATION_FAILURE", "INVOCATION_DLQ"});
}

TEST_CASE("each attempt of a delivery is told of, under one invocation over a restart", "[steps]") {
  Steps world;
  auto target = target_of("t", "http://127.0.0.1:1/hook");
  target.retry_policy = api::RetryPolicy{2, std::nullopt};
  world.route_to(target);
  world.put_one();
  CHECK(world.names() == Names{"EVENT_RECEIPT", "EVENT_INGEST_SUCCESS", "RULE_MATCH_START",
                               "RULE_MATCH", "INVOCATION_START", "INVOCATION_ATTEMPT_START"});
  world.end_next_attempt(result_of_status(503, std::nullopt));
  world.settle();
  REQUIRE(world.steps.size() == 1);
  const auto invocation = Steps::member(world.steps[0], "invocation_id");
  CHECK(world.steps[0].line.message.find(R"("http_status_code":503)") != std::string::npos);
  CHECK(world.names() == Names{"INVOCATION_ATTEMPT_RETRYABLE_FAILURE"});
  world.restart();
  world.advance(std::chrono::minutes(10));
  world.end_next_attempt(result_of_status(429, std::nullopt));
  world.settle();
  CHECK(Steps::member(world.steps.at(0), "invocation_id") == invocation);
  CHECK(world.names() == Names{"INVOCATION_ATTEMPT_START", "INVOCATION_ATTEMPT_THROTTLE"});
  world.advance(std::chrono::minutes(10));
  world.end_next_attempt(result_of_status(503, std::nullopt));
  world.settle();
  CHECK(world.names() == Names{"INVOCATION_ATTEMPT_START", "INVOCATION_ATTEMPT_RETRYABLE_FAILURE",
                               "INVOCATION_FAILURE", "INVOCATION_DLQ"});
}

TEST_CASE("a delivery that the rate of its API destination holds back is told of once", "[steps]") {
  Steps world("ERROR");
  const auto connection = world.call<&Broker::create_connection>(test::basic_connection("c"));
  api::CreateApiDestinationRequest request;
  request.name = "d";
  request.connection_arn = connection.response.connection_arn;
  request.invocation_endpoint = "https://api.test/orders";
  request.http_method = "POST";
  request.invocation_rate_limit_per_second = 1;
  const auto destination = world.call<&Broker::create_api_destination>(request);
  world.route_to(target_of("t", destination.response.api_destination_arn));
  std::size_t sent = 0;
  for (int i = 0; i < 3; ++i) world.put_one();
  std::vector<std::string> told;
  for (int i = 0; i < 60; ++i) {
    while (!world.attempts.empty()) {
      world.end_next_attempt({});
      ++sent;
    }
    world.advance(std::chrono::milliseconds(100));
    for (const auto& record : std::exchange(world.steps, {})) {
      CHECK(Steps::member(record, "message_type") == "INVOCATION_THROTTLE_START");
      told.push_back(Steps::member(record, "event_id"));
    }
  }
  CHECK(sent == 3);
  REQUIRE(told.size() == 2);
  CHECK(told[0] != told[1]);
}

TEST_CASE("a delivery that succeeds says after how many attempts", "[steps]") {
  Steps world("INFO");
  world.route_to(target_of("t", "http://127.0.0.1:1/hook"));
  world.put_one();
  world.end_next_attempt(result_of_status(503, std::nullopt));
  world.advance(std::chrono::minutes(10));
  world.end_next_attempt({});
  world.settle();
  const auto last = world.steps.back().line.message;
  CHECK(world.names().back() == "INVOCATION_SUCCESS");
  CHECK(last.find(R"("total_attempts":2)") != std::string::npos);
}

TEST_CASE("what a failed commit undid is never told", "[steps]") {
  auto store = std::make_shared<FaultyStore>(std::make_shared<MemoryStore>());
  Steps world("TRACE", "NONE", store);
  store->fail_commit(store->commit_count() + 1, Outcome::full, FaultyStore::Written::no);
  world.put_one();
  CHECK(world.names().empty());
}

TEST_CASE("a log group gets a line for each event", "[log groups]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", pattern).error);
  auto target = target_of("t", "arn:aws:logs:us-east-1:000000000000:log-group:/shop/orders:*");
  const bool has_template = GENERATE(false, true);
  if (has_template) {
    target.input_transformer.emplace().input_paths_map = {{"id", "$.detail.orderId"}};
    target.input_transformer->input_template =
        R"({"timestamp":1767323045678,"message":"order <id>"})";
  }
  REQUIRE_FALSE(world.put_targets("r", {target}).error);
  world.put({entry_of("shop", "Order", R"({"orderId":"o-1"})")});
  REQUIRE(world.attempts.size() == 1);
  const auto attempt = world.end_next_attempt(result_of_writing({}));
  REQUIRE(attempt.log_line);
  CHECK(attempt.log_line->group == LogGroup{"000000000000", "us-east-1", "/shop/orders"});
  if (has_template) {
    CHECK(attempt.log_line->message == "order o-1");
    CHECK(attempt.log_line->timestamp_ms == 1767323045678);
  } else {
    CHECK(attempt.log_line->message == world.logged().at(0));
    CHECK(attempt.log_line->timestamp_ms == to_ms(world.clock().wall()));
  }
}

TEST_CASE("a line that could not be written is written later", "[log groups]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", pattern).error);
  REQUIRE_FALSE(
      world.put_targets("r", {target_of("t", "arn:aws:logs:us-east-1:000000000000:log-group:g")})
          .error);
  world.put({entry_of("shop", "Order", "{}")});
  world.end_next_attempt(result_of_writing("no space left on device"));
  CHECK(world.attempts.empty());
  world.advance(std::chrono::minutes(10));
  REQUIRE(world.attempts.size() == 1);
  CHECK(world.attempts[0].log_line);
}
