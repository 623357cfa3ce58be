// Replays: which events come again, to whom, how often, over restarts and failures of the store.
#include <algorithm>
#include <catch2/catch.hpp>

#include "broker/events_envelope.h"
#include "storage/faulty_store.h"
#include "tests/broker/archives_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using signalbox::storage::FaultyStore;
using signalbox::storage::MemoryStore;
using signalbox::storage::Outcome;
using test::ArchivesWorld;
using test::entry_of;
using test::message_of;
using test::numbers;
using test::numbers_of;

namespace {

constexpr auto orders = R"({"detail-type":["order"]})";
// More than one slice, whatever else goes on.
constexpr int many = 300;

std::vector<int> sorted(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  return values;
}

// A queue with a rule for orders, and an archive with so many of them that are in no queue.
std::string shop(ArchivesWorld& world, int count) {
  REQUIRE_FALSE(world.create_archive("a", orders).error);
  world.put_numbers(count);
  return world.route("orders", orders);
}

api::PutEventsRequestEntry at_time(int number, Time time) {
  auto entry = entry_of("shop", "order", "{\"n\":" + std::to_string(number) + "}");
  entry.time = api::Timestamp{to_ms(time)};
  return entry;
}

}  // namespace

TEST_CASE("a replay brings the archive's events again, with its name between region and resources",
          "[replays]") {
  ArchivesWorld world;
  world.create_archive("a");
  auto entry = entry_of("shop", "order", R"({"n":1,"resources":["x"]})");
  entry.source = R"(a,"resources":[)";
  entry.resources = {"r1"};
  const auto id = world.put({entry}).response.entries.front().event_id.value();
  const auto queue = world.route("all", R"({"account":[{"exists":true}]})");
  const auto started = world.start_replay("again", "a");
  REQUIRE_FALSE(started.error);
  CHECK(started.response.state == "STARTING");
  CHECK(started.response.replay_arn == "arn:aws:events:us-east-1:000000000000:replay/again");
  world.advance(1s);
  const auto bodies = world.bodies(queue);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies.front() ==
        R"({"version":"0","id":")" + id +
            R"(","detail-type":"order","source":"a,\"resources\":[","account":"000000000000",)"
            R"("time":"2026-01-02T03:04:05Z","region":"us-east-1","replay-name":"again",)"
            R"("resources":["r1"],"detail":{"n":1,"resources":["x"]}})");
  const auto ended = world.replay("again");
  CHECK(ended.state == "COMPLETED");
  CHECK(ended.event_last_replayed_time->ms == 1'767'323'045'000);
  CHECK(ended.replay_end_time);
  CHECK(ended.destination.arn == test::bus_arn());
}

TEST_CASE("a replay takes many slices and brings each event once", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, many);
  REQUIRE_FALSE(world.start_replay("r", "a").error);
  CHECK(world.replay("r").state == "RUNNING");
  world.advance(10s);
  CHECK(world.replay("r").state == "COMPLETED");
  CHECK(sorted(numbers_of(world.drain_bodies(queue))) == numbers(many));
  CHECK(world.counters().events_replayed == many);
}

TEST_CASE("replayed events are not archived again", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, 3);
  world.create_archive("everything");
  world.start_replay("r", "a");
  world.advance(1s);
  CHECK(world.drain(queue) == 3);
  CHECK(world.event_count("a") == 3);
  CHECK(world.event_count("everything") == 0);
}

TEST_CASE("a replayed event that a rule forwards is archived on no bus, a new one is",
          "[replays]") {
  ArchivesWorld world;
  REQUIRE_FALSE(world.create_bus("other").error);
  world.create_archive("a");
  world.create_archive("there", {}, 0, "other");
  REQUIRE_FALSE(world.put_rule("forward", orders).error);
  REQUIRE_FALSE(world.put_targets("forward", {test::target_of("t", test::bus_arn("other"))}).error);
  const auto queue = world.route("arrived", orders, "other");
  world.put_numbers(3);
  CHECK(world.event_count("there") == 3);
  world.start_replay("r", "a");
  world.advance(1s);
  CHECK(world.drain(queue) == 6);
  CHECK(world.event_count("there") == 3);
}

TEST_CASE("an event that a target's input made is archived and replayed, whatever it looks like",
          "[replays]") {
  CHECK(with_replay_name(R"({"detail":{"a":[1],"resources":[2]}})", "r") ==
        R"({"replay-name":"r","detail":{"a":[1],"resources":[2]}})");
  CHECK(with_replay_name(R"({"source":"{\",\"resources\":[","resources":[],"detail":{}})", "r") ==
        R"({"source":"{\",\"resources\":[","replay-name":"r","resources":[],"detail":{}})");
  CHECK(read_event_head(R"({"time":"1970-01-01T00:00:01Z"})").second == event_second_of(1000));
  CHECK_FALSE(read_event_head(R"({"time":"1970-13-01T00:00:01Z"})").second);
  CHECK_FALSE(read_event_head(R"({"time":"yesterday"})").second);
  CHECK_FALSE(read_event_head(R"({"time":7})").second);
  CHECK_FALSE(read_event_head(R"({"detail":{"replay-name":"r"}})").is_replayed);
  CHECK(read_event_head(R"({"detail":{},"replay-name":"r"})").is_replayed);
}

TEST_CASE("rules can tell replayed events from new ones", "[replays]") {
  ArchivesWorld world;
  shop(world, 2);
  const auto only_new = world.route("new", R"({"replay-name":[{"exists":false}]})");
  const auto replayed = world.route("replayed", R"({"replay-name":["r"]})");
  world.start_replay("r", "a");
  world.advance(1s);
  CHECK(world.bodies(only_new).empty());
  CHECK(world.bodies(replayed).size() == 2);
}

TEST_CASE("only the rules that FilterArns names get the events", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, 2);
  const auto other = world.route("other", orders);
  auto request = world.replay_of("r", "a");
  request.destination.filter_arns = {"arn:aws:events:us-east-1:000000000000:rule/other"};
  REQUIRE_FALSE(world.call<&Broker::start_replay>(request).error);
  world.advance(1s);
  CHECK(world.bodies(queue).empty());
  CHECK(world.bodies(other).size() == 2);
  CHECK(world.replay("r").destination.filter_arns == request.destination.filter_arns);
}

TEST_CASE("events are selected by their own time: from the start on, before the end", "[replays]") {
  ArchivesWorld world;
  world.create_archive("a");
  const Time noon = from_ms(1'700'000'000'000);
  world.put({at_time(0, noon - 1s), at_time(1, noon), at_time(2, noon + 30s),
             at_time(3, noon + 90s), at_time(4, noon + 120s)});
  const auto queue = world.route("orders", orders);
  auto request = world.replay_of("r", "a");
  request.event_start_time.ms = to_ms(noon);
  request.event_end_time.ms = to_ms(noon + 120s);
  REQUIRE_FALSE(world.call<&Broker::start_replay>(request).error);
  world.advance(1s);
  CHECK(numbers_of(world.drain_bodies(queue)) == std::vector<int>{1, 2, 3});
  CHECK(world.replay("r").event_last_replayed_time->ms == to_ms(noon + 90s));
  // An event has no fractions of seconds; who says when it was sent does.
  world.put({at_time(5, noon + 200s + 700ms)});
  request.replay_name = "fractions";
  request.event_start_time.ms = to_ms(noon + 200s + 500ms);
  request.event_end_time.ms = to_ms(noon + 200s + 800ms);
  REQUIRE_FALSE(world.call<&Broker::start_replay>(request).error);
  world.advance(1s);
  CHECK(numbers_of(world.drain_bodies(queue)) == std::vector<int>{5, 5});
}

TEST_CASE("minutes come in their order, however late their events were sent", "[replays]") {
  ArchivesWorld world;
  // Segments of an hour each.
  world.create_archive("a", {}, 1);
  const Time noon = from_ms(1'699'999'980'000);
  for (int hour = 0; hour < 4; ++hour) {
    // Each hour sends events of later minutes before those of earlier ones.
    for (int minute = 9; minute >= 0; --minute) {
      world.put({at_time(minute * 10 + hour, noon + std::chrono::minutes(minute))});
    }
    world.advance(1h);
  }
  const auto queue = world.route("orders", orders);
  auto request = world.replay_of("r", "a");
  request.event_start_time.ms = to_ms(noon);
  request.event_end_time.ms = to_ms(noon + 1h);
  REQUIRE_FALSE(world.call<&Broker::start_replay>(request).error);
  world.advance(1s);
  std::vector<int> wanted;
  for (int minute = 0; minute < 10; ++minute) {
    for (int hour = 0; hour < 4; ++hour) wanted.push_back(minute * 10 + hour);
  }
  // It takes them out in the order of the queue.
  CHECK(numbers_of(world.drain_bodies(queue)) == wanted);
}

TEST_CASE("events years apart are replayed without the years between", "[replays]") {
  ArchivesWorld world;
  world.create_archive("a");
  std::vector<int> wanted;
  // Every event in a minute, and most in a segment, of its own.
  for (int i = 0; i < 400; ++i) {
    world.put({at_time(i, from_ms(0) + std::chrono::hours(24 * 40) * i)});
    if (i % 10 == 9) world.advance(25h);
    wanted.push_back(i);
  }
  const auto queue = world.route("orders", orders);
  auto request = world.replay_of("r", "a");
  request.event_start_time.ms = -1'000'000'000'000'000;
  request.event_end_time.ms = 1'000'000'000'000'000;
  REQUIRE_FALSE(world.call<&Broker::start_replay>(request).error);
  world.advance(10s);
  CHECK(world.replay("r").state == "COMPLETED");
  CHECK(numbers_of(world.drain_bodies(queue)) == wanted);
}

TEST_CASE("what is archived after a replay began is not part of it", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, many);
  world.start_replay("r", "a");
  REQUIRE(world.replay("r").state == "RUNNING");
  world.put_numbers(many, many);
  world.advance(10s);
  CHECK(world.replay("r").state == "COMPLETED");
  // Once as new events and once replayed.
  CHECK(world.drain_bodies(queue).size() == 2 * many);
  CHECK(world.counters().events_replayed == many);
}

TEST_CASE("a replay goes on after a restart where it was, and brings each event once",
          "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, many);
  auto request = world.replay_of("r", "a");
  request.description = "again";
  request.destination.filter_arns = {"arn:aws:events:us-east-1:000000000000:rule/orders"};
  REQUIRE_FALSE(world.call<&Broker::start_replay>(request).error);
  const auto other = world.route("other", orders);
  int restarts = 0;
  while (world.replay("r").state != "COMPLETED") {
    REQUIRE(++restarts < 200);
    world.restart();
    REQUIRE(world.load_problem().empty());
  }
  CHECK(restarts > 2);
  CHECK(sorted(numbers_of(world.drain_bodies(queue))) == numbers(many));
  CHECK(world.bodies(other).empty());
  world.restart();
  const auto ended = world.replay("r");
  CHECK(ended.state == "COMPLETED");
  CHECK(ended.description == "again");
  CHECK(ended.destination.filter_arns == request.destination.filter_arns);
  CHECK(ended.event_last_replayed_time);
}

TEST_CASE("a crash at any commit of a replay loses no event and brings none twice", "[replays]") {
  for (std::uint64_t failing = 1;; ++failing) {
    auto disk = std::make_shared<MemoryStore>();
    auto faulty = std::make_shared<FaultyStore>(disk);
    ArchivesWorld world({}, faulty);
    const auto queue = shop(world, many);
    faulty->fail_commit(faulty->commit_count() + failing, Outcome::unknown,
                        failing % 2 == 0 ? FaultyStore::Written::no : FaultyStore::Written::yes);
    const auto started = world.start_replay("r", "a");
    world.advance(10s);
    const bool failed = world.failed().has_value();
    world.restart(disk);
    REQUIRE(world.load_problem().empty());
    if (started.error) {
      // Nobody was told that there is one: start it unless the record was written.
      const auto again = world.start_replay("r", "a");
      if (again.error) CHECK(message_of(again) == "Replay r already exists.");
    }
    world.advance(10s);
    CHECK(world.replay("r").state == "COMPLETED");
    CHECK(sorted(numbers_of(world.drain_bodies(queue))) == numbers(many));
    if (!failed) break;
  }
}

TEST_CASE("a replay whose reads are slow is not read twice", "[replays]") {
  auto disk = std::make_shared<MemoryStore>();
  auto faulty = std::make_shared<FaultyStore>(disk);
  ArchivesWorld world({}, faulty);
  const auto queue = shop(world, many);
  // The commit that the first slice waits for takes longer than it takes to try again.
  faulty->delay_commit(faulty->commit_count() + 1);
  const auto started = world.start<&Broker::start_replay>(world.replay_of("r", "a"));
  world.advance(5s);
  REQUIRE(faulty->held_count() > 0);
  faulty->release();
  world.settle();
  REQUIRE(started->released);
  world.advance(10s);
  CHECK(world.replay("r").state == "COMPLETED");
  CHECK(sorted(numbers_of(world.drain_bodies(queue))) == numbers(many));
}

TEST_CASE("a replay is cancelled at its next slice, once", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, many);
  world.start_replay("r", "a");
  REQUIRE(world.replay("r").state == "RUNNING");
  const auto cancelled = world.cancel_replay("r");
  REQUIRE_FALSE(cancelled.error);
  CHECK(cancelled.response.state == "CANCELLING");
  CHECK(cancelled.response.replay_arn == "arn:aws:events:us-east-1:000000000000:replay/r");
  const auto refused = world.cancel_replay("r");
  CHECK(refused.error->code == ErrorCode::illegal_status);
  CHECK(message_of(refused) == "Replay r is not in a valid state for this operation.");
  world.restart();
  world.advance(10s);
  CHECK(world.replay("r").state == "CANCELLED");
  CHECK(world.replay("r").replay_end_time);
  const std::size_t brought = world.drain_bodies(queue).size();
  CHECK(brought > 0);
  CHECK(brought < many);
  CHECK(message_of(world.cancel_replay("r")) ==
        "Replay r is not in a valid state for this operation.");
}

TEST_CASE("a replay fails with its archive", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, many);
  world.start_replay("r", "a");
  REQUIRE(world.replay("r").state == "RUNNING");
  REQUIRE_FALSE(world.delete_archive("a"));
  CHECK(world.replay("r").state == "FAILED");
  CHECK(world.replay("r").state_reason == "Archive a was deleted.");
  world.advance(10s);
  CHECK(world.drain_bodies(queue).size() < many);
  world.restart();
  REQUIRE(world.load_problem().empty());
  CHECK(world.replay("r").state == "FAILED");
}

TEST_CASE("rules and targets changed while a replay runs hold from its next slice on",
          "[replays]") {
  ArchivesWorld world;
  const auto before = shop(world, many);
  world.start_replay("r", "a");
  const std::size_t first = world.drain_bodies(before).size();
  REQUIRE(first > 0);
  REQUIRE(first < many);
  api::RuleRequest rule;
  rule.name = "orders";
  REQUIRE_FALSE(world.call<&Broker::disable_rule>(rule).error);
  const auto after = world.route("after", orders);
  world.advance(10s);
  CHECK(world.drain_bodies(before).empty());
  CHECK(world.drain_bodies(after).size() == many - first);
}

TEST_CASE("an event with more deliveries than a batch carries is replayed to all of them",
          "[replays]") {
  Settings settings;
  settings.fan_out_messages_max = 3;
  ArchivesWorld world(settings);
  world.create_archive("a");
  world.put_numbers(10);
  std::vector<std::string> queues;
  for (int i = 0; i < 5; ++i) queues.push_back(world.route("q" + std::to_string(i), orders));
  world.start_replay("r", "a");
  world.advance(10s);
  for (const auto& queue : queues) {
    CHECK(sorted(numbers_of(world.drain_bodies(queue))) == numbers(10));
  }
}

TEST_CASE("replays take turns, ten of them at most", "[replays]") {
  ArchivesWorld world;
  const auto queue = shop(world, many);
  for (int i = 0; i < 10; ++i) {
    REQUIRE_FALSE(world.start_replay("r" + std::to_string(i), "a").error);
  }
  const auto refused = world.start_replay("one-more", "a");
  REQUIRE(refused.error);
  CHECK(refused.error->code == ErrorCode::limit_exceeded);
  CHECK(refused.error->message == "The requested resource exceeds the maximum number allowed.");
  world.advance(30s);
  for (int i = 0; i < 10; ++i) {
    CHECK(world.replay("r" + std::to_string(i)).state == "COMPLETED");
  }
  CHECK(world.drain_bodies(queue).size() == 10 * many);
  CHECK_FALSE(world.start_replay("one-more", "a").error);
}

TEST_CASE("a replay that has ended is forgotten after ninety days, and its name is free",
          "[replays]") {
  ArchivesWorld world;
  shop(world, 1);
  world.start_replay("r", "a");
  world.advance(1s);
  CHECK(message_of(world.start_replay("r", "a")) == "Replay r already exists.");
  world.restart();
  world.advance(24h * 89);
  CHECK(world.replay("r").state == "COMPLETED");
  world.advance(24h * 2);
  CHECK(message_of(world.cancel_replay("r")) == "Replay r does not exist.");
  CHECK_FALSE(world.start_replay("r", "a").error);
  world.restart();
  CHECK(world.load_problem().empty());
}

TEST_CASE("what no replay can be is refused in the service's words", "[replays]") {
  ArchivesWorld world;
  world.create_bus("other");
  world.create_archive("a");
  const auto refusal = [&](const auto& change) {
    auto request = world.replay_of("r", "a");
    change(request);
    return message_of(world.call<&Broker::start_replay>(request));
  };
  CHECK(refusal([](auto& request) { request.event_source_arn = test::archive_arn("b"); }) ==
        "Parameter EventSourceArn is not valid. Reason: Archive b does not exist.");
  CHECK(refusal([](auto& request) {
          request.event_source_arn = "arn:aws:events:eu-west-1:000000000000:archive/a";
        }) == "Parameter EventSourceArn is not valid. Reason: Archive a does not exist.");
  CHECK(refusal([](auto& request) { request.destination.arn = test::bus_arn("other"); }) ==
        "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.");
  CHECK(refusal([](auto& request) { request.destination.arn = test::bus_arn("nowhere"); }) ==
        "Event bus nowhere does not exist.");
  CHECK(refusal([](auto& request) { request.destination.arn = "nonsense"; }) ==
        "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.");
  CHECK(refusal([](auto& request) { request.event_end_time = request.event_start_time; }) ==
        "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.");
  CHECK(refusal([](auto& request) {
          request.destination.filter_arns = {"arn:aws:events:us-east-1:000000000000:rule/none"};
        }) ==
        "Parameter Destination.FilterArns is not valid. Reason: Rule none does not exist on "
        "EventBus default.");
  CHECK(refusal([](auto& request) { request.destination.filter_arns = {test::bus_arn()}; }) ==
        "Parameter Destination.FilterArns is not valid. Reason: " + test::bus_arn() +
            " is not the ARN of a rule on EventBus default.");
  CHECK(message_of(world.cancel_replay("r")) == "Replay r does not exist.");
}

TEST_CASE("replays are listed in pages, by prefix, by archive or by state", "[replays]") {
  ArchivesWorld world;
  shop(world, many);
  world.create_archive("b");
  world.start_replay("r1", "b");
  world.start_replay("r2", "b");
  world.advance(1s);
  world.start_replay("s1", "a");
  const auto list = [&](const api::ListReplaysRequest& request, std::optional<std::string>& next) {
    const auto reply = world.call<&Broker::list_replays>(request);
    REQUIRE_FALSE(reply.error);
    std::string names;
    for (const auto& replay : reply.response.replays) names += replay.replay_name + " ";
    next = reply.response.next_token;
    return names;
  };
  std::optional<std::string> next;
  api::ListReplaysRequest request;
  request.limit = 2;
  CHECK(list(request, next) == "r1 r2 ");
  request.next_token = next;
  CHECK(list(request, next) == "s1 ");
  CHECK_FALSE(next);
  request = {};
  request.name_prefix = "r";
  CHECK(list(request, next) == "r1 r2 ");
  request = {};
  request.state = "RUNNING";
  request.limit = 1;
  CHECK(list(request, next) == "s1 ");
  request = {};
  request.event_source_arn = test::archive_arn("b");
  CHECK(list(request, next) == "r1 r2 ");
  request.state = "RUNNING";
  CHECK(message_of(world.call<&Broker::list_replays>(request)) ==
        "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or "
        "NamePrefix.");
}

TEST_CASE("live events go before replayed ones: slices are small while others write", "[replays]") {
  ArchivesWorld world;
  const int count = 2000;
  shop(world, count);
  world.start_replay("r", "a");
  // One slice, and a pause: the StartReplay itself was a write.
  const auto after_start = world.counters().events_replayed;
  CHECK(after_start > 0);
  CHECK(after_start <= 64);
  world.put_numbers(10, count);
  CHECK(world.counters().events_replayed == after_start);
  world.advance(5ms);
  CHECK(world.counters().events_replayed <= 2 * after_start);
  // Left alone it does not wait.
  world.advance(50ms);
  CHECK(world.replay("r").state == "COMPLETED");
}
