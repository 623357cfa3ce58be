// Rules with schedules, when they fire.
#include <catch2/catch.hpp>

#include "tests/broker/events_fixture.h"
#include "tests/broker/zone_fixture.h"

namespace signalbox::broker {

using test::message_of;
using test::queue_arn;
using test::Reply;
using test::target_of;
using test::time_at;

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Its clock starts at 2026-01-02T03:04:05.678Z, a Friday.
class ScheduledWorld : public test::EventsWorld {
 public:
  using EventsWorld::EventsWorld;

  Reply<api::PutRuleResponse> put_schedule(const std::string& name, const std::string& expression,
                                           const std::string& state = "ENABLED") {
    api::PutRuleRequest request;
    request.name = name;
    request.schedule_expression = expression;
    request.state = state;
    return call<&Broker::put_rule>(request);
  }
  // A scheduled rule whose target is a new queue of the same name.
  std::string schedule(const std::string& name, const std::string& expression) {
    const auto queue = create_queue(name);
    REQUIRE_FALSE(put_schedule(name, expression).error);
    REQUIRE_FALSE(put_targets(name, {target_of("t", queue_arn(name))}).error);
    return queue;
  }
  void set_state(const std::string& name, bool enabled) {
    api::RuleRequest request;
    request.name = name;
    REQUIRE_FALSE(
        (enabled ? call<&Broker::enable_rule>(request) : call<&Broker::disable_rule>(request))
            .error);
  }
  // The times of the events in the queue, which are deleted.
  std::vector<std::string> times(const std::string& queue) {
    std::vector<std::string> found;
    while (true) {
      const auto messages = receive(queue);
      if (messages.empty()) break;
      for (const auto& message : messages) {
        found.push_back(message.body.substr(message.body.find(R"("time":")") + 8, 20));
        REQUIRE_FALSE(remove(queue, message.receipt_handle));
      }
    }
    return found;
  }
};

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("a rate rule fires each time its period ends, counted from when it was put",
          "[schedules]") {
  ScheduledWorld world;
  const auto queue = world.schedule("tick", "rate(5 minutes)");
  world.advance(minutes(5) - Duration(1));
  CHECK(world.times(queue).empty());
  world.advance(Duration(1));
  CHECK(world.times(queue) == Times{"2026-01-02T03:09:05Z"});
  world.advance(minutes(11));
  CHECK(world.times(queue) == Times{"2026-01-02T03:14:05Z", "2026-01-02T03:19:05Z"});
}

TEST_CASE("a cron rule fires once for each match", "[schedules]") {
  ScheduledWorld world;
  const auto queue = world.schedule("noon", "cron(0/15 12 ? * MON-FRI *)");
  world.advance(hours(24 * 3));
  CHECK(world.times(queue) == Times{"2026-01-02T12:00:00Z", "2026-01-02T12:15:00Z",
                                    "2026-01-02T12:30:00Z", "2026-01-02T12:45:00Z"});
}

TEST_CASE("a scheduled event has the service's shape, and is in the bus's log", "[schedules]") {
  ScheduledWorld world;
  const auto queue = world.schedule("tick", "cron(30 3 * * ? *)");
  world.advance(hours(1));
  const auto bodies = world.bodies(queue);
  REQUIRE(bodies.size() == 1);
  const auto id = bodies[0].substr(bodies[0].find(R"("id":")") + 6, 36);
  CHECK(bodies[0] == R"({"version":"0","id":")" + id +
                         R"(","detail-type":"Scheduled Event","source":"aws.events",)"
                         R"("account":"000000000000","time":"2026-01-02T03:30:00Z",)"
                         R"("region":"us-east-1",)"
                         R"("resources":["arn:aws:events:us-east-1:000000000000:rule/tick"],)"
                         R"("detail":{}})");
  CHECK(world.logged() == bodies);
  CHECK(world.counters().rules_fired == 1);
}

TEST_CASE("a scheduled event goes to its rule alone, through the target's input", "[schedules]") {
  ScheduledWorld world;
  const auto other = world.route("other", R"({"source":["aws.events"]})");
  const auto queue = world.schedule("tick", "rate(1 minute)");
  auto target = target_of("t", queue_arn("tick"));
  target.input = R"({"hello":1})";
  REQUIRE_FALSE(world.put_targets("tick", {target}).error);
  world.advance(minutes(1));
  CHECK(world.bodies(queue) == std::vector<std::string>{R"({"hello":1})"});
  CHECK(world.bodies(other).empty());
}

TEST_CASE("a disabled rule does not fire, and enabled again keeps its beat", "[schedules]") {
  ScheduledWorld world;
  const auto queue = world.schedule("tick", "rate(1 hour)");
  world.set_state("tick", false);
  world.advance(hours(3) + minutes(30));
  CHECK(world.times(queue).empty());
  world.set_state("tick", true);
  world.advance(minutes(29));
  CHECK(world.times(queue).empty());
  world.advance(minutes(1));
  CHECK(world.times(queue) == Times{"2026-01-02T07:04:05Z"});
}

TEST_CASE("putting the same rate again keeps its beat, another one starts anew", "[schedules]") {
  ScheduledWorld world;
  const auto queue = world.schedule("tick", "rate(1 hour)");
  world.advance(minutes(30));
  REQUIRE_FALSE(world.put_schedule("tick", "rate(1 hour)").error);
  world.advance(minutes(30));
  CHECK(world.times(queue) == Times{"2026-01-02T04:04:05Z"});
  world.advance(minutes(30));
  REQUIRE_FALSE(world.put_schedule("tick", "rate(2 hours)").error);
  world.advance(hours(2));
  CHECK(world.times(queue) == Times{"2026-01-02T06:34:05Z"});
}

TEST_CASE("a deleted rule, and one without its schedule, fire no more", "[schedules]") {
  ScheduledWorld world;
  REQUIRE_FALSE(world.put_schedule("gone", "rate(1 minute)").error);
  const auto queue = world.schedule("changed", "rate(1 minute)");
  api::DeleteRuleRequest request;
  request.name = "gone";
  REQUIRE_FALSE(world.call<&Broker::delete_rule>(request).error);
  REQUIRE_FALSE(world.put_rule("changed", R"({"source":["a"]})").error);
  world.advance(hours(1));
  CHECK(world.counters().rules_fired == 0);
  CHECK_FALSE(world.engine().next_deadline());
}

TEST_CASE("what came up while the broker was down is fired once, then the beat goes on",
          "[schedules]") {
  ScheduledWorld world;
  const auto queue = world.schedule("tick", "rate(5 minutes)");
  world.advance(minutes(6));
  CHECK(world.times(queue) == Times{"2026-01-02T03:09:05Z"});
  world.clock().advance(minutes(31));
  world.restart();
  REQUIRE(world.load_problem().empty());
  CHECK(world.times(queue) == Times{"2026-01-02T03:14:05Z"});
  world.restart();
  CHECK(world.times(queue).empty());
  world.advance(minutes(5));
  CHECK(world.times(queue) == Times{"2026-01-02T03:44:05Z"});
}

TEST_CASE("one-time expressions are for the Scheduler alone", "[schedules]") {
  ScheduledWorld world;
  CHECK(message_of(world.put_schedule("x", "at(2030-01-01T00:00:00)")) ==
        "Parameter ScheduleExpression is not valid.");
}

TEST_CASE("a rule that never comes up again waits for nothing", "[schedules]") {
  ScheduledWorld world;
  REQUIRE_FALSE(world.put_schedule("past", "cron(0 0 1 1 ? 2002-2005)").error);
  CHECK_FALSE(world.engine().next_deadline());
  world.restart();
  CHECK_FALSE(world.engine().next_deadline());
}

}  // namespace signalbox::broker
