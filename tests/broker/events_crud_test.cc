// Buses, rules, targets and tags: the service's answers, page by page, the same after a restart.
#include <catch2/catch.hpp>

#include "tests/broker/events_fixture.h"

using namespace signalbox::broker;
using namespace signalbox::broker::test;

namespace {

constexpr auto any_source = R"({"source":[{"prefix":""}]})";
const std::string arn_prefix = "arn:aws:events:us-east-1:000000000000:";

template <auto function, class Request>
Error error_of(EventsWorld& world, Request request) {
  const auto reply = world.call<function>(request);
  REQUIRE(reply.error);
  return *reply.error;
}

api::RuleRequest rule_request(const std::string& name, const std::string& bus = {}) {
  api::RuleRequest request;
  request.name = name;
  if (!bus.empty()) request.event_bus_name = bus;
  return request;
}

void delete_rule(EventsWorld& world, const std::string& name) {
  api::DeleteRuleRequest request;
  request.name = name;
  REQUIRE_FALSE(world.call<&Broker::delete_rule>(request).error);
}

}  // namespace

TEST_CASE("a bus is described as it was created, restart or not", "[events]") {
  EventsWorld world;
  api::CreateEventBusRequest create;
  create.name = "orders";
  create.description = "all orders";
  create.dead_letter_config = api::DeadLetterConfig{queue_arn("dlq")};
  create.log_config = api::LogConfig{"FULL", "INFO"};
  const auto created = world.call<&Broker::create_event_bus>(create);
  CHECK(created.response.event_bus_arn == arn_prefix + "event-bus/orders");
  world.restart();
  api::DescribeEventBusRequest describe;
  for (const std::string& name : {std::string("orders"), arn_prefix + "event-bus/orders"}) {
    describe.name = name;
    const auto described = world.call<&Broker::describe_event_bus>(describe);
    REQUIRE_FALSE(described.error);
    CHECK(described.response.name == "orders");
    CHECK(described.response.arn == created.response.event_bus_arn);
    CHECK(described.response.description == "all orders");
    CHECK(described.response.dead_letter_config->arn == queue_arn("dlq"));
    CHECK(described.response.log_config->level == "INFO");
    CHECK(described.response.creation_time.ms == 1'767'323'045'678);
  }
  api::UpdateEventBusRequest update;
  update.name = "orders";
  update.description = "";
  world.call<&Broker::update_event_bus>(update);
  world.restart();
  const auto described = world.call<&Broker::describe_event_bus>(describe);
  CHECK_FALSE(described.response.description);
  CHECK(described.response.log_config->level == "INFO");
}

TEST_CASE("a world's default bus is there without a write", "[events]") {
  EventsWorld world;
  world.caller.account = "111122223333";
  api::DescribeEventBusRequest describe;
  const auto described = world.call<&Broker::describe_event_bus>(describe);
  REQUIRE_FALSE(described.error);
  CHECK(described.response.arn == "arn:aws:events:us-east-1:111122223333:event-bus/default");
  bool stored = false;
  const auto range = signalbox::storage::keys::all_of(signalbox::storage::keys::Prefix::bus);
  world.store().view()->scan(range.first, range.past_last, signalbox::storage::Direction::forward,
                             [&](auto, auto) { return stored = true; });
  CHECK_FALSE(stored);
  REQUIRE_FALSE(world.put_rule("r", any_source).error);
  world.restart();
  CHECK_FALSE(world.call<&Broker::describe_rule>(rule_request("r")).error);
}

TEST_CASE("a new world's default bus is described while the store takes no writes", "[events]") {
  auto memory = std::make_shared<signalbox::storage::MemoryStore>();
  EventsWorld world({}, memory);
  REQUIRE(world.engine().reload(memory, true).empty());
  const auto commits = memory->commit_count();
  world.caller.region = "eu-west-1";
  const auto described = world.start<&Broker::describe_event_bus>({}, false);
  REQUIRE(described->released);
  CHECK_FALSE(described->error);
  CHECK(described->response.name == "default");
  CHECK(memory->commit_count() == commits);
  CHECK(world.put_rule("r", any_source).error->code == ErrorCode::service_unavailable);
}

TEST_CASE("creating, deleting and describing buses fails in the service's words", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("orders").error);
  CHECK(world.create_bus("orders").error->code == ErrorCode::resource_already_exists);
  CHECK(message_of(world.create_bus("orders")) == "Event bus orders already exists.");
  CHECK(message_of(world.create_bus("default")) == "Event bus default already exists.");
  CHECK(message_of(world.create_bus("a/b")) == "Event bus name must not contain '/'.");
  CHECK(message_of(world.create_bus("aws.x")) ==
        "EventBus name starting with 'aws.' is not valid.");
  api::DescribeEventBusRequest describe;
  describe.name = "nope";
  const auto missing = error_of<&Broker::describe_event_bus>(world, describe);
  CHECK(missing.code == ErrorCode::resource_not_found);
  CHECK(missing.message == "Event bus nope does not exist.");
  api::DeleteEventBusRequest remove;
  remove.name = "default";
  CHECK(error_of<&Broker::delete_event_bus>(world, remove).message ==
        "Cannot delete event bus default.");
  remove.name = "nope";
  CHECK_FALSE(world.call<&Broker::delete_event_bus>(remove).error);
  REQUIRE_FALSE(world.put_rule("r", any_source, "orders").error);
  remove.name = "orders";
  const auto full = error_of<&Broker::delete_event_bus>(world, remove);
  CHECK(full.code == ErrorCode::validation);
  CHECK(full.message == "EventBus can't be deleted since it has rules.");
}

TEST_CASE("a deleted bus is gone with its log, and a new one of its name starts empty",
          "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("orders").error);
  world.put({entry_of("s", "t", "{}", "orders")});
  CHECK(world.logged("orders").size() == 1);
  api::DeleteEventBusRequest remove;
  remove.name = "orders";
  REQUIRE_FALSE(world.call<&Broker::delete_event_bus>(remove).error);
  world.put({entry_of("s", "t", "{}", "orders")});
  REQUIRE_FALSE(world.create_bus("orders").error);
  CHECK(world.logged("orders").empty());
  world.restart();
  CHECK(world.logged("orders").empty());
}

TEST_CASE("buses are listed in order of name, filtered and paged", "[events]") {
  EventsWorld world;
  for (const std::string name : {"c", "orders-2", "orders-1", "a", "orders"}) {
    REQUIRE_FALSE(world.create_bus(name).error);
  }
  api::ListEventBusesRequest request;
  request.limit = 2;
  std::vector<std::string> names;
  do {
    const auto page = world.call<&Broker::list_event_buses>(request);
    REQUIRE_FALSE(page.error);
    CHECK(page.response.event_buses.size() == 2);
    for (const auto& bus : page.response.event_buses) names.push_back(bus.name);
    request.next_token = page.response.next_token;
  } while (request.next_token);
  CHECK(names == std::vector<std::string>{"a", "c", "default", "orders", "orders-1", "orders-2"});
  request.name_prefix = "orders-";
  request.limit.reset();
  CHECK(world.call<&Broker::list_event_buses>(request).response.event_buses.size() == 2);
  request.next_token = "garbage";
  CHECK(error_of<&Broker::list_event_buses>(world, request).code == ErrorCode::validation);
}

TEST_CASE("PutRule replaces everything but the tags", "[events]") {
  EventsWorld world;
  api::PutRuleRequest request = rule_of("r", any_source);
  request.description = "first";
  request.role_arn = "arn:aws:iam::000000000000:role/x";
  request.state = "DISABLED";
  request.schedule_expression = "rate(5 minutes)";
  request.tags = {{"k", "v"}};
  const auto put = world.call<&Broker::put_rule>(request);
  REQUIRE_FALSE(put.error);
  CHECK(put.response.rule_arn == arn_prefix + "rule/r");
  world.restart();
  auto described = world.call<&Broker::describe_rule>(rule_request("r")).response;
  CHECK(described.event_pattern == any_source);
  CHECK(described.schedule_expression == "rate(5 minutes)");
  CHECK(described.state == "DISABLED");
  CHECK(described.description == "first");
  CHECK(described.event_bus_name == "default");
  CHECK(described.created_by == "000000000000");
  api::PutRuleRequest again = rule_of("r", R"({"source":["x"]})");
  again.tags = {{"k", "other"}};
  REQUIRE_FALSE(world.call<&Broker::put_rule>(again).error);
  world.restart();
  described = world.call<&Broker::describe_rule>(rule_request("r")).response;
  CHECK(described.event_pattern == R"({"source":["x"]})");
  CHECK_FALSE(described.schedule_expression);
  CHECK(described.state == "ENABLED");
  CHECK_FALSE(described.description);
  CHECK_FALSE(described.role_arn);
  api::ListTagsForResourceRequest tags;
  tags.resource_arn = put.response.rule_arn;
  const auto listed = world.call<&Broker::list_tags_for_resource>(tags).response.tags;
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].value == "v");
}

TEST_CASE("PutRule refuses what the service refuses", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("orders").error);
  api::PutRuleRequest request;
  request.name = "r";
  CHECK(error_of<&Broker::put_rule>(world, request).message ==
        "Parameter(s) EventPattern or ScheduleExpression must be specified.");
  request.schedule_expression = "cron(0 1 * * * *)";
  CHECK(error_of<&Broker::put_rule>(world, request).message ==
        "Parameter ScheduleExpression is not valid.");
  request.event_bus_name = "orders";
  request.schedule_expression = "rate(1 minute)";
  CHECK(error_of<&Broker::put_rule>(world, request).message ==
        "ScheduleExpression is supported only on the default event bus.");
  request.event_bus_name = "nope";
  CHECK(error_of<&Broker::put_rule>(world, request).message == "Event bus nope does not exist.");
  const auto bad = world.put_rule("r", R"({"source":"x"})");
  REQUIRE(bad.error);
  CHECK(bad.error->code == ErrorCode::invalid_event_pattern);
  CHECK(bad.error->message.starts_with(
      "Event pattern is not valid. Reason: \"source\" must be an object or an array"));
  // Nothing of it was kept.
  CHECK(world.call<&Broker::describe_rule>(rule_request("r")).error);
}

TEST_CASE("rules are found, listed and deleted on the bus they were put on", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("orders").error);
  for (const std::string name : {"b", "a-2", "a-1"}) {
    REQUIRE_FALSE(world.put_rule(name, any_source, "orders").error);
  }
  CHECK(world.put_rule("b", any_source, "orders").response.rule_arn ==
        arn_prefix + "rule/orders/b");
  api::ListRulesRequest list;
  CHECK(world.call<&Broker::list_rules>(list).response.rules.empty());
  list.event_bus_name = arn_prefix + "event-bus/orders";
  list.limit = 2;
  const auto page = world.call<&Broker::list_rules>(list).response;
  REQUIRE(page.rules.size() == 2);
  CHECK(page.rules[0].name == "a-1");
  CHECK(page.rules[1].arn == arn_prefix + "rule/orders/a-2");
  CHECK(page.rules[1].event_bus_name == "orders");
  list.next_token = page.next_token;
  CHECK(world.call<&Broker::list_rules>(list).response.rules.size() == 1);
  const auto missing = error_of<&Broker::describe_rule>(world, rule_request("b"));
  CHECK(missing.code == ErrorCode::resource_not_found);
  CHECK(missing.message == "Rule b does not exist on EventBus default.");
  CHECK(error_of<&Broker::enable_rule>(world, rule_request("x", "orders")).message ==
        "Rule x does not exist on EventBus orders.");
  delete_rule(world, "b");  // not on this bus: nothing happens
  CHECK_FALSE(world.call<&Broker::describe_rule>(rule_request("b", "orders")).error);
}

TEST_CASE("a resource has at most 50 tags, none of them the service's", "[events]") {
  EventsWorld world;
  const std::string arn = world.put_rule("r", any_source).response.rule_arn;
  const auto tag = [&](int first, int count, const std::string& prefix = "k") {
    api::TagResourceRequest request;
    request.resource_arn = arn;
    for (int i = first; i < first + count; ++i) {
      request.tags.push_back({prefix + std::to_string(i), "v"});
    }
    return world.call<&Broker::tag_resource>(request).error;
  };
  CHECK_FALSE(tag(0, 49));
  CHECK(tag(49, 2)->code == ErrorCode::validation);
  CHECK_FALSE(tag(40, 10));
  CHECK(tag(50, 1)->code == ErrorCode::validation);
  CHECK(tag(0, 1, "aws:")->code == ErrorCode::validation);
  api::PutRuleRequest rule;
  rule.name = "tagged";
  rule.event_pattern = any_source;
  rule.tags = {{"k", "1"}, {"k", "2"}};
  CHECK(error_of<&Broker::put_rule>(world, rule).code == ErrorCode::validation);
  CHECK(error_of<&Broker::describe_rule>(world, rule_request("tagged")).code ==
        ErrorCode::resource_not_found);
}

TEST_CASE("a bus has as many rules as the settings say", "[events]") {
  Settings settings;
  settings.rules_per_bus = 2;
  EventsWorld world(settings);
  REQUIRE_FALSE(world.put_rule("a", any_source).error);
  REQUIRE_FALSE(world.put_rule("b", any_source).error);
  CHECK(world.put_rule("c", any_source).error->code == ErrorCode::limit_exceeded);
  CHECK_FALSE(world.put_rule("b", any_source).error);
}

TEST_CASE("a rule with targets cannot be deleted until they are removed", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", any_source).error);
  REQUIRE_FALSE(world.put_targets("r", {target_of("t", queue_arn("q"))}).error);
  api::DeleteRuleRequest remove;
  remove.name = "r";
  CHECK(error_of<&Broker::delete_rule>(world, remove).message ==
        "Rule can't be deleted since it has targets.");
  api::RemoveTargetsRequest targets;
  targets.rule = "r";
  targets.ids = {"t", "not-there"};
  CHECK(world.call<&Broker::remove_targets>(targets).response.failed_entry_count == 0);
  delete_rule(world, "r");
  world.restart();
  REQUIRE(world.load_problem().empty());
  CHECK(world.call<&Broker::describe_rule>(rule_request("r")).error);
}

TEST_CASE("targets are checked in the service's words and none of a refused call is kept",
          "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.put_rule("r", any_source).error);
  const auto good = target_of("good", queue_arn("q"));
  CHECK(message_of(world.put_targets("nope", {good})) ==
        "Rule nope does not exist on EventBus default.");
  CHECK(message_of(world.put_targets("r", {good, target_of("t", "bad-arn")})) ==
        "Parameter bad-arn is not valid. Reason: Provided Arn is not in correct format.");
  auto target = target_of("t", queue_arn("q"));
  target.input = "{}";
  target.input_path = "$.detail";
  CHECK(message_of(world.put_targets("r", {good, target})) ==
        "Only one of Input, InputPath, or InputTransformer must be provided for target t.");
  CHECK(message_of(world.put_targets("r", {good, target_of("t", queue_arn("q.fifo"))})) ==
        "Parameter(s) SqsParameters must be specified for target: t.");
  target = target_of("t", queue_arn("q"));
  target.input_transformer = api::InputTransformer{{}, "\"<x>\""};
  CHECK(message_of(world.put_targets("r", {good, target})) ==
        "InputTemplate for target t contains invalid placeholder x.");
  std::vector<api::Target> six;
  for (int i = 0; i < 6; ++i) six.push_back(target_of("t" + std::to_string(i), queue_arn("q")));
  const auto many = world.put_targets("r", six);
  REQUIRE(many.error);
  CHECK(many.error->code == ErrorCode::limit_exceeded);
  CHECK(many.error->message == "The requested resource exceeds the maximum number allowed.");
  api::ListTargetsByRuleRequest list;
  list.rule = "r";
  CHECK(world.call<&Broker::list_targets_by_rule>(list).response.targets.empty());
  // The same id again is a change, not a sixth target.
  six.pop_back();
  REQUIRE_FALSE(world.put_targets("r", six).error);
  CHECK_FALSE(world.put_targets("r", {target_of("t0", queue_arn("other"))}).error);
  list.limit = 3;
  const auto page = world.call<&Broker::list_targets_by_rule>(list).response;
  REQUIRE(page.targets.size() == 3);
  CHECK(page.targets[0].arn == queue_arn("other"));
  list.next_token = page.next_token;
  CHECK(world.call<&Broker::list_targets_by_rule>(list).response.targets.size() == 2);
}

TEST_CASE("rules are found by their targets, as targets come, move and go", "[events]") {
  EventsWorld world;
  for (const std::string name : {"c", "a", "b"}) {
    REQUIRE_FALSE(world.put_rule(name, any_source).error);
    REQUIRE_FALSE(
        world.put_targets(name, {target_of("1", queue_arn("q")), target_of("2", queue_arn("q"))})
            .error);
  }
  const auto names = [&](const std::string& queue, std::optional<std::int64_t> limit = {}) {
    api::ListRuleNamesByTargetRequest request;
    request.target_arn = queue_arn(queue);
    request.limit = limit;
    return world.call<&Broker::list_rule_names_by_target>(request).response;
  };
  CHECK(names("q").rule_names == api::StringList{"a", "b", "c"});
  CHECK(names("q", 2).rule_names == api::StringList{"a", "b"});
  CHECK(names("q", 2).next_token);
  CHECK(names("other").rule_names.empty());
  REQUIRE_FALSE(world.put_targets("b", {target_of("1", queue_arn("other"))}).error);
  CHECK(names("q").rule_names == api::StringList{"a", "b", "c"});
  REQUIRE_FALSE(world.put_targets("b", {target_of("2", queue_arn("other"))}).error);
  world.restart();
  CHECK(names("q").rule_names == api::StringList{"a", "c"});
  CHECK(names("other").rule_names == api::StringList{"b"});
  api::RemoveTargetsRequest remove;
  remove.rule = "b";
  remove.ids = {"1", "2"};
  REQUIRE_FALSE(world.call<&Broker::remove_targets>(remove).error);
  CHECK(names("other").rule_names.empty());
}

TEST_CASE("buses and rules are tagged by ARN", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("orders").error);
  REQUIRE_FALSE(world.put_rule("r", any_source, "orders").error);
  for (const auto& resource : {"event-bus/orders", "rule/orders/r", "event-bus/default"}) {
    const std::string arn = arn_prefix + resource;
    api::TagResourceRequest tag;
    tag.resource_arn = arn;
    tag.tags = {{"a", "1"}, {"b", "2"}};
    REQUIRE_FALSE(world.call<&Broker::tag_resource>(tag).error);
    api::UntagResourceRequest untag;
    untag.resource_arn = arn;
    untag.tag_keys = {"a", "not-there"};
    REQUIRE_FALSE(world.call<&Broker::untag_resource>(untag).error);
    world.restart();
    api::ListTagsForResourceRequest list;
    list.resource_arn = arn;
    const auto tags = world.call<&Broker::list_tags_for_resource>(list).response.tags;
    REQUIRE(tags.size() == 1);
    CHECK(tags[0].key == "b");
    CHECK(tags[0].value == "2");
  }
  api::ListTagsForResourceRequest list;
  list.resource_arn = arn_prefix + "rule/nope";
  CHECK(error_of<&Broker::list_tags_for_resource>(world, list).message ==
        "Rule nope does not exist on EventBus default.");
  list.resource_arn = arn_prefix + "event-bus/nope";
  CHECK(error_of<&Broker::list_tags_for_resource>(world, list).message ==
        "Event bus nope does not exist.");
  list.resource_arn = "nonsense";
  CHECK(error_of<&Broker::list_tags_for_resource>(world, list).code == ErrorCode::validation);
}

TEST_CASE("TestEventPattern demands a whole event and a valid pattern", "[events]") {
  EventsWorld world;
  api::TestEventPatternRequest request;
  request.event_pattern = R"({"detail":{"n":[{"numeric":[">",5]}]}})";
  const auto event = [](const std::string& rest) {
    return R"({"id":"1","account":"0","source":"s","time":"2026-01-01T00:00:00Z","region":"r",)" +
           rest + "}";
  };
  request.event = event(R"("resources":[],"detail-type":"t","detail":{"n":6})");
  CHECK(world.call<&Broker::test_event_pattern>(request).response.result);
  request.event = event(R"("resources":[],"detail-type":"t","detail":{"n":5})");
  CHECK_FALSE(world.call<&Broker::test_event_pattern>(request).response.result);
  for (const auto& bad : {event(R"("detail-type":"t")"), std::string("[]"), std::string("x")}) {
    request.event = bad;
    CHECK(error_of<&Broker::test_event_pattern>(world, request).message ==
          "Parameter Event is not valid.");
  }
  request.event_pattern = "{";
  CHECK(error_of<&Broker::test_event_pattern>(world, request).code ==
        ErrorCode::invalid_event_pattern);
}

TEST_CASE("a record of a newer format is refused and its key named", "[events]") {
  EventsWorld world;
  REQUIRE_FALSE(world.create_bus("orders").error);
  REQUIRE_FALSE(world.put_rule("r", any_source, "orders").error);
  REQUIRE_FALSE(world.put_targets("r", {target_of("t", queue_arn("q"))}, "orders").error);
  world.put({entry_of("s", "t", "{}", "orders")});
  const auto contents = dynamic_cast<signalbox::storage::MemoryStore&>(world.store()).contents();
  for (const char prefix : {'b', 'r', 't', 'g'}) {
    auto damaged = contents;
    for (auto& [key, value] : damaged) {
      if (key[1] == prefix) value[0] = static_cast<char>(value[0] + 1);
    }
    signalbox::storage::MemoryStore::Options options;
    options.contents = damaged;
    EventsWorld other({}, std::make_shared<signalbox::storage::MemoryStore>(options));
    INFO(prefix << ": " << other.load_problem());
    CHECK(other.load_problem().find("under key 00") != std::string::npos);
  }
}
