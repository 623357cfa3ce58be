// Schedules: when they are invoked, what their targets get, and what becomes of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "broker/events_envelope.h"
#include "tests/broker/scheduler_fixture.h"

namespace signalbox::broker {

using namespace test;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("a one-time schedule is invoked once, at its time in its zone", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("once", "at(2026-01-02T05:00:00)", queue_arn("q"));
  request.schedule_expression_timezone = "Europe/Berlin";
  const auto created = world.create(request);
  REQUIRE_FALSE(created.error);
  CHECK(created.response.schedule_arn ==
        "arn:aws:scheduler:us-east-1:000000000000:schedule/default/once");
  world.advance(minutes(55));
  CHECK(world.taken(queue).empty());
  world.advance(minutes(1));
  CHECK(world.taken(queue) == Bodies{"2026-01-02T04:00:00Z"});
  world.advance(hours(100));
  CHECK(world.taken(queue).empty());
  CHECK(world.get("once").response.state == "ENABLED");
}

TEST_CASE("a rate schedule begins at once and keeps its beat", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.schedule("tick", "rate(5 minutes)");
  CHECK(world.taken(queue) == Bodies{"2026-01-02T03:04:05Z"});
  world.advance(minutes(10));
  CHECK(world.taken(queue) == Bodies{"2026-01-02T03:09:05Z", "2026-01-02T03:14:05Z"});
}

TEST_CASE("a rate schedule with a start date has its first time then", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("tick", "rate(1 hour)", queue_arn("q"));
  request.start_date.emplace().ms = to_ms(time_at("2026-01-02T06:30:00Z"));
  request.end_date.emplace().ms = to_ms(time_at("2026-01-02T08:30:00Z"));
  REQUIRE_FALSE(world.create(request).error);
  world.advance(hours(24));
  // Before its end date, not on it.
  CHECK(world.taken(queue) == Bodies{"2026-01-02T06:30:00Z", "2026-01-02T07:30:00Z"});
}

TEST_CASE("a cron schedule follows the clocks of its zone", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("daily", "cron(30 2 * * ? *)", queue_arn("q"));
  request.schedule_expression_timezone = "America/New_York";
  request.start_date.emplace().ms = to_ms(time_at("2026-03-07T00:00:00Z"));
  request.end_date.emplace().ms = to_ms(time_at("2026-03-10T00:00:00Z"));
  REQUIRE_FALSE(world.create(request).error);
  world.advance(time_at("2026-03-10T12:00:00Z") - world.clock().wall());
  // Half past two does not exist on the eighth.
  CHECK(world.taken(queue) == Bodies{"2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"});
}

TEST_CASE("keywords in the input are replaced", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("once", "at(2026-01-02T04:00:00)", queue_arn("q"));
  request.target.input =
      "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time> <aws.scheduler.attempt-number> "
      "<aws.scheduler.attempt-number> <aws.scheduler.execution-id> <aws.scheduler.else>";
  REQUIRE_FALSE(world.create(request).error);
  world.advance(hours(1));
  const auto bodies = world.taken(queue);
  REQUIRE(bodies.size() == 1);
  const std::string start =
      "arn:aws:scheduler:us-east-1:000000000000:schedule/default/once 2026-01-02T04:00:00Z 1 1 ";
  REQUIRE(bodies[0].starts_with(start));
  CHECK(bodies[0].find_first_not_of("0123456789abcdef", start.size()) == start.size() + 16);
  CHECK(bodies[0].ends_with(" <aws.scheduler.else>"));
}

TEST_CASE("a schedule without input sends the service's own event", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("once", "at(2026-01-02T04:00:00)", queue_arn("q"));
  request.target.input.reset();
  REQUIRE_FALSE(world.create(request).error);
  world.advance(hours(1));
  const auto bodies = world.taken(queue);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].substr(bodies[0].find(R"(,"detail-type")")) ==
        R"(,"detail-type":"Scheduled Event","source":"aws.scheduler","account":"000000000000",)"
        R"("time":"2026-01-02T04:00:00Z","region":"us-east-1",)"
        R"("resources":["arn:aws:scheduler:us-east-1:000000000000:schedule/default/once"],)"
        R"("detail":"{}"})");
}

TEST_CASE("a schedule that is to delete itself is gone after its last time", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto once = schedule_of("once", "at(2026-01-02T04:00:00)", queue_arn("q"));
  once.action_after_completion = "DELETE";
  REQUIRE_FALSE(world.create(once).error);
  auto twice = schedule_of("twice", "rate(1 hour)", queue_arn("q"));
  twice.action_after_completion = "DELETE";
  twice.end_date.emplace().ms = to_ms(time_at("2026-01-02T05:00:00Z"));
  REQUIRE_FALSE(world.create(twice).error);
  world.advance(minutes(30));
  CHECK_FALSE(world.get("once").error);
  world.advance(minutes(40));
  CHECK(message_of(world.get("once")) == "Schedule once does not exist.");
  CHECK(message_of(world.get("twice")) == "Schedule twice does not exist.");
  CHECK(world.taken(queue).size() == 3);
  world.restart();
  CHECK_FALSE(world.engine().next_deadline());
}

TEST_CASE("within a flexible window an invocation comes some time later, once", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  std::set<std::int64_t> delays;
  for (int i = 0; i < 20; ++i) {
    auto request =
        schedule_of("flexible-" + std::to_string(i), "at(2026-01-02T04:00:00)", queue_arn("q"));
    request.flexible_time_window.mode = "FLEXIBLE";
    request.flexible_time_window.maximum_window_in_minutes = 15;
    REQUIRE_FALSE(world.create(request).error);
  }
  world.advance(time_at("2026-01-02T04:00:00Z") - world.clock().wall() - Duration(1));
  CHECK(world.taken(queue).empty());
  world.advance(minutes(7));
  const auto early = world.taken(queue);
  CHECK(!early.empty());
  CHECK(early.size() < 20);
  world.advance(minutes(8) + Duration(1));
  const auto late = world.taken(queue);
  CHECK(early.size() + late.size() == 20);
  // The keyword is the time of the expression, not of the invocation.
  for (const auto& body : late) CHECK(body == "2026-01-02T04:00:00Z");
}

TEST_CASE("a disabled schedule is not invoked until it is enabled", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("tick", "rate(1 hour)", queue_arn("q"));
  request.state = "DISABLED";
  REQUIRE_FALSE(world.create(request).error);
  world.advance(hours(3));
  CHECK(world.taken(queue).empty());
  request.state = "ENABLED";
  REQUIRE_FALSE(world.update(request).error);
  world.advance(minutes(59));
  CHECK(world.taken(queue).empty());
  world.advance(minutes(1));
  CHECK(world.taken(queue) == Bodies{"2026-01-02T07:04:05Z"});
}

TEST_CASE("an update replaces everything, and the old times are forgotten", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  auto request = schedule_of("moving", "at(2026-01-02T04:00:00)", queue_arn("q"));
  request.description = "first";
  REQUIRE_FALSE(world.create(request).error);
  request.schedule_expression = "at(2026-01-02T05:00:00)";
  request.description.reset();
  world.advance(minutes(1));
  REQUIRE_FALSE(world.update(request).error);
  const auto described = world.get("moving").response;
  CHECK_FALSE(described.description);
  CHECK(described.creation_date.ms + 60'000 == described.last_modification_date.ms);
  world.advance(hours(24));
  CHECK(world.taken(queue) == Bodies{"2026-01-02T05:00:00Z"});
  // What is completed stays so when something else about it changes.
  request.description = "second";
  REQUIRE_FALSE(world.update(request).error);
  world.advance(hours(1));
  CHECK(world.taken(queue).empty());
}

TEST_CASE("a time that has passed is made up for", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.schedule("late", "at(2020-01-01T00:00:00)");
  CHECK(world.taken(queue) == Bodies{"2020-01-01T00:00:00Z"});
}

TEST_CASE("what came up while the broker was down is invoked once, then the beat goes on",
          "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.schedule("tick", "rate(5 minutes)");
  const auto once = world.schedule("once", "at(2026-01-02T03:20:00)");
  CHECK(world.taken(queue).size() == 1);
  world.clock().advance(minutes(31));
  world.restart();
  REQUIRE(world.load_problem().empty());
  CHECK(world.taken(queue) == Bodies{"2026-01-02T03:09:05Z"});
  CHECK(world.taken(once) == Bodies{"2026-01-02T03:20:00Z"});
  world.restart();
  CHECK(world.taken(queue).empty());
  CHECK(world.taken(once).empty());
  world.advance(minutes(5));
  CHECK(world.taken(queue) == Bodies{"2026-01-02T03:39:05Z"});
}

TEST_CASE("a restart keeps zones, groups and what comes up", "[scheduler]") {
  SchedulerWorld world;
  REQUIRE_FALSE(world.create_group("night").error);
  const auto queue = world.create_queue("q");
  auto request = schedule_of("cron", "cron(0 6 * * ? *)", queue_arn("q"));
  request.group_name = "night";
  request.schedule_expression_timezone = "Asia/Tokyo";
  REQUIRE_FALSE(world.create(request).error);
  world.restart();
  world.advance(hours(24));
  CHECK(world.taken(queue) == Bodies{"2026-01-02T21:00:00Z"});
  CHECK(world.get("cron", "night").response.schedule_expression_timezone == "Asia/Tokyo");
}

TEST_CASE("many schedules come up in order though memory knows a few of them", "[scheduler]") {
  Settings settings;
  settings.due_horizon_count = 16;
  SchedulerWorld world(settings);
  const auto queue = world.create_queue("q");
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) {
    // In an order of their own: 7 is prime to 1000.
    const int second = i * 7 % count;
    const auto at = format_event_time(to_ms(time_at("2026-01-02T04:00:00Z") + seconds(second)));
    auto request =
        schedule_of("s" + std::to_string(i), "at(" + at->substr(0, 19) + ")", queue_arn("q"));
    request.action_after_completion = "DELETE";
    REQUIRE_FALSE(world.create(request).error);
  }
  for (int i = 0; i < count; i += 10) REQUIRE_FALSE(world.erase("s" + std::to_string(i)).error);
  world.restart();
  world.advance(hours(2));
  const auto bodies = world.taken(queue);
  CHECK(bodies.size() == count - count / 10);
  CHECK(std::is_sorted(bodies.begin(), bodies.end()));
  CHECK(std::adjacent_find(bodies.begin(), bodies.end()) == bodies.end());
  CHECK(world.call<&Broker::list_schedules>({}).response.schedules.empty());
}

TEST_CASE("deleting a schedule or its group ends it", "[scheduler]") {
  SchedulerWorld world;
  const auto queue = world.create_queue("q");
  REQUIRE_FALSE(world.create_group("g").error);
  auto request = schedule_of("tick", "rate(1 hour)", queue_arn("q"));
  request.start_date.emplace().ms = to_ms(world.clock().wall() + hours(1));
  REQUIRE_FALSE(world.create(request).error);
  request.group_name = "g";
  REQUIRE_FALSE(world.create(request).error);
  REQUIRE_FALSE(world.erase("tick").error);
  CHECK(message_of(world.erase("tick")) == "Schedule tick does not exist.");
  REQUIRE_FALSE(world.call<&Broker::delete_schedule_group>({"g", {}}).error);
  CHECK(message_of(world.get("tick", "g")) == "Schedule group g does not exist.");
  // A new group of the name has none of the old one's schedules.
  REQUIRE_FALSE(world.create_group("g").error);
  CHECK(message_of(world.get("tick", "g")) == "Schedule tick does not exist.");
  world.advance(hours(5));
  CHECK(world.taken(queue).empty());
  CHECK_FALSE(world.engine().next_deadline());
}

}  // namespace signalbox::broker
