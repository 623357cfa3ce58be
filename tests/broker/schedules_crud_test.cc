// Schedules and groups as the operations show them, and what they refuse.
#include <catch2/catch.hpp>

#include "broker/schedules/schedule.h"
#include "tests/broker/scheduler_fixture.h"

namespace signalbox::broker {

using namespace test;
using std::chrono::minutes;

namespace {

std::vector<std::string> names_of(const scheduler::ListSchedulesResponse& response) {
  std::vector<std::string> names;
  for (const auto& each : response.schedules) names.push_back(each.group_name + "/" + each.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a schedule is shown as it was put, and with the service's defaults", "[scheduler]") {
  SchedulerWorld world;
  auto request = schedule_of("s", "rate(5 minutes)", queue_arn("q"));
  request.target.input.reset();
  auto& ecs = request.target.ecs_parameters.emplace();
  ecs.task_definition_arn = "arn:aws:ecs:us-east-1:000000000000:task-definition/t";
  ecs.enable_execute_command = true;
  ecs.tags.emplace().push_back({{"k", "v"}});
  ecs.network_configuration.emplace().awsvpc_configuration.emplace().subnets = {"a", "b"};
  request.target.retry_policy.emplace().maximum_event_age_in_seconds = 60;
  REQUIRE_FALSE(world.create(request).error);
  world.restart();
  const auto shown = world.get("s").response;
  CHECK(shown.arn == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s");
  CHECK(shown.group_name == "default");
  CHECK(shown.state == "ENABLED");
  CHECK(shown.schedule_expression_timezone == "UTC");
  CHECK(shown.action_after_completion == "NONE");
  CHECK(shown.flexible_time_window.mode == "OFF");
  CHECK_FALSE(shown.target.input);
  CHECK_FALSE(shown.target.kinesis_parameters);
  REQUIRE(shown.target.ecs_parameters);
  CHECK(shown.target.ecs_parameters->enable_execute_command == true);
  CHECK(shown.target.ecs_parameters->tags->at(0).at("k") == "v");
  CHECK(shown.target.ecs_parameters->network_configuration->awsvpc_configuration->subnets.size() ==
        2);
  CHECK(shown.target.retry_policy->maximum_event_age_in_seconds == 60);
  CHECK(shown.target.retry_policy->maximum_retry_attempts == 185);
}

TEST_CASE("a name is taken once in its group; the same request again is no conflict",
          "[scheduler]") {
  SchedulerWorld world;
  auto request = schedule_of("s", "at(2030-01-01T00:00:00)", queue_arn("q"));
  request.client_token = "token";
  REQUIRE_FALSE(world.create(request).error);
  CHECK_FALSE(world.create(request).error);
  auto other = request;
  other.description = "another";
  const auto conflict = world.create(other);
  CHECK(message_of(conflict) == "Schedule s already exists.");
  CHECK(conflict.error->code == ErrorCode::conflict);
  other = request;
  other.client_token = "other";
  CHECK(message_of(world.create(other)) == "Schedule s already exists.");
  REQUIRE_FALSE(world.create_group("g").error);
  request.group_name = "g";
  CHECK_FALSE(world.create(request).error);
}

TEST_CASE("what does not exist is not found, in the service's words", "[scheduler]") {
  SchedulerWorld world;
  CHECK(message_of(world.get("s")) == "Schedule s does not exist.");
  CHECK(message_of(world.get("s", "g")) == "Schedule group g does not exist.");
  auto request = schedule_of("s", "rate(1 minute)", queue_arn("q"));
  CHECK(message_of(world.update(request)) == "Schedule s does not exist.");
  request.group_name = "g";
  const auto refused = world.create(request);
  CHECK(message_of(refused) == "Schedule group g does not exist.");
  CHECK(refused.error->code == ErrorCode::resource_not_found);
  CHECK(message_of(world.call<&Broker::get_schedule_group>({"g"})) ==
        "Schedule group g does not exist.");
  CHECK(message_of(world.call<&Broker::delete_schedule_group>({"g", {}})) ==
        "Schedule group g does not exist.");
}

TEST_CASE("what a schedule says has to make sense", "[scheduler]") {
  SchedulerWorld world;
  const auto refused = [&](auto change) {
    auto request = schedule_of("s", "rate(1 minute)", queue_arn("q"));
    change(request);
    const auto reply = world.create(request);
    REQUIRE(reply.error);
    CHECK(reply.error->code == ErrorCode::validation);
    return reply.error->message;
  };
  const auto in = [&](minutes from_now) {
    return api::Timestamp{to_ms(world.clock().wall() + from_now)};
  };
  CHECK(refused([](auto& r) { r.schedule_expression = "rate(1 weeks)"; }) ==
        "Invalid Schedule Expression rate(1 weeks).");
  CHECK(refused([](auto& r) { r.schedule_expression_timezone = "Mars/Olympus"; }) ==
        "Invalid Schedule Expression Timezone Mars/Olympus.");
  CHECK(refused([&](auto& r) { r.start_date = in(minutes(-6)); }) ==
        "The StartDate you specify cannot be earlier than 5 minutes ago.");
  CHECK(refused([&](auto& r) { r.end_date = in(minutes(0)); }) ==
        "The EndDate you specify cannot be earlier than the current time.");
  CHECK(refused([&](auto& r) {
          r.start_date = in(minutes(5));
          r.end_date = in(minutes(5));
        }) == "The EndDate you specify cannot be earlier than the StartDate.");
  CHECK(refused([](auto& r) { r.flexible_time_window.mode = "FLEXIBLE"; }) ==
        "MaximumWindowInMinutes is required when the flexible time window mode is FLEXIBLE.");
  CHECK(refused([](auto& r) { r.flexible_time_window.maximum_window_in_minutes = 5; }) ==
        "MaximumWindowInMinutes can't be set when the flexible time window mode is OFF.");
  CHECK(refused([](auto& r) { r.target.arn = "queue"; }) ==
        "Provided Arn is not in correct format.");
}

TEST_CASE("groups are made, shown, tagged, listed and deleted", "[scheduler]") {
  SchedulerWorld world;
  const auto create = [&](const std::string& name, std::optional<std::string> token) {
    return world.call<&Broker::create_schedule_group>({name, {{"k", "v"}}, std::move(token)});
  };
  CHECK(create("night", "t").response.schedule_group_arn ==
        "arn:aws:scheduler:us-east-1:000000000000:schedule-group/night");
  CHECK_FALSE(create("night", "t").error);
  CHECK(message_of(create("night", "u")) == "Schedule group night already exists.");
  CHECK(message_of(create("default", {})) == "Schedule group default already exists.");
  world.restart();
  const auto shown = world.call<&Broker::get_schedule_group>({"night"}).response;
  CHECK(shown.state == "ACTIVE");
  CHECK(shown.creation_date.ms == to_ms(world.clock().wall()));
  const std::string arn = shown.arn;
  REQUIRE_FALSE(world.call<&Broker::tag_schedule_group>({arn, {{"a", "b"}, {"c", "d"}}}).error);
  REQUIRE_FALSE(world.call<&Broker::untag_schedule_group>({arn, {"a", "k"}}).error);
  world.restart();
  const auto tags = world.call<&Broker::list_tags_of_schedule_group>({arn}).response.tags;
  REQUIRE(tags.size() == 1);
  CHECK(tags[0].key == "c");
  CHECK(message_of(world.call<&Broker::list_tags_of_schedule_group>({arn + "x"})) ==
        "Schedule group nightx does not exist.");
  auto page = world.call<&Broker::list_schedule_groups>({{}, {}, 1}).response;
  REQUIRE(page.schedule_groups.size() == 1);
  CHECK(page.schedule_groups[0].name == "default");
  page = world.call<&Broker::list_schedule_groups>({{}, page.next_token, 1}).response;
  CHECK(page.schedule_groups.at(0).name == "night");
  CHECK_FALSE(page.next_token);
  CHECK(world.call<&Broker::list_schedule_groups>({"ni", {}, {}}).response.schedule_groups.size() ==
        1);
  REQUIRE_FALSE(world.call<&Broker::delete_schedule_group>({"night", {}}).error);
  world.restart();
  CHECK(world.call<&Broker::get_schedule_group>({"night"}).error);
  CHECK(world.call<&Broker::delete_schedule_group>({"default", {}}).error->code ==
        ErrorCode::validation);
}

TEST_CASE("schedules are listed in pages, over groups or of one, by prefix and state",
          "[scheduler]") {
  SchedulerWorld world;
  for (const std::string group : {"default", "a", "z"}) {
    if (group != "default") REQUIRE_FALSE(world.create_group(group).error);
    for (const std::string name : {"one", "two", "onto"}) {
      auto request = schedule_of(name, "at(2030-01-01T00:00:00)", queue_arn("q"));
      request.group_name = group;
      if (name == "two") request.state = "DISABLED";
      REQUIRE_FALSE(world.create(request).error);
    }
  }
  const Names all{"a/one",       "a/onto", "a/two",  "default/one", "default/onto",
                  "default/two", "z/one",  "z/onto", "z/two"};
  CHECK(names_of(world.call<&Broker::list_schedules>({}).response) == all);
  for (const std::int64_t size : {1, 2, 3, 4}) {
    Names found;
    std::optional<std::string> next;
    do {
      auto page = world.call<&Broker::list_schedules>({{}, {}, {}, next, size}).response;
      CHECK(page.schedules.size() <= static_cast<std::size_t>(size));
      for (auto& name : names_of(page)) found.push_back(name);
      next = page.next_token;
    } while (next);
    CHECK(found == all);
  }
  CHECK(names_of(world.call<&Broker::list_schedules>({"z", {}, {}, {}, {}}).response) ==
        Names{"z/one", "z/onto", "z/two"});
  CHECK(names_of(world.call<&Broker::list_schedules>({"z", "on", {}, {}, {}}).response) ==
        Names{"z/one", "z/onto"});
  CHECK(names_of(world.call<&Broker::list_schedules>({{}, {}, "DISABLED", {}, {}}).response) ==
        Names{"a/two", "default/two", "z/two"});
  CHECK(world.call<&Broker::list_schedules>({{}, {}, {}, "garbage", {}}).error);
  CHECK(world.call<&Broker::list_schedules>({"nowhere", {}, {}, {}, {}}).error);
}

TEST_CASE("schedules and groups belong to their account and region", "[scheduler]") {
  SchedulerWorld world;
  REQUIRE_FALSE(world.create(schedule_of("s", "at(2030-01-01T00:00:00)", queue_arn("q"))).error);
  REQUIRE_FALSE(world.create_group("g").error);
  world.caller.region = "eu-west-1";
  CHECK(world.get("s").error);
  CHECK(world.call<&Broker::get_schedule_group>({"g"}).error);
  CHECK(world.call<&Broker::list_schedules>({}).response.schedules.empty());
}

TEST_CASE("a record of a newer program is refused, one with fewer members is read", "[scheduler]") {
  Schedule schedule;
  schedule.config = schedule_of("s", "rate(1 minute)", queue_arn("q"));
  schedule.scheduled_ms = 7;
  const std::string record = encode_schedule(schedule);
  Schedule read;
  REQUIRE(decode_schedule(record, read));
  CHECK(encode_schedule(read) == record);
  for (std::size_t size = 0; size < record.size(); ++size) {
    Schedule damaged;
    CHECK_FALSE(decode_schedule(record.substr(0, size), damaged));
  }
  std::string newer = record;
  newer.replace(newer.find("ScheduleExpression"), 18, "ScheduleExpressiox");
  CHECK_FALSE(decode_schedule(newer, read));
}

}  // namespace signalbox::broker
