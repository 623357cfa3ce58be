// How targets share the attempts that may be under way: one that hangs holds up nobody but itself.
#include <algorithm>
#include <set>

#include "broker/delivery/slots.h"
#include "tests/broker/events_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using test::EventsWorld;

namespace {

AttemptResult delivered() { return {}; }
AttemptResult timed_out() { return result_of_trouble(HttpTrouble::timed_out, "5 s"); }

Settings limits(std::size_t of_target, std::size_t of_all) {
  Settings settings;
  settings.delivery_concurrency = of_target;
  settings.delivery_concurrency_total = of_all;
  return settings;
}

struct SharedRoom : EventsWorld {
  using EventsWorld::EventsWorld;

  // A rule of its own for each target: events with its name as source are for it alone.
  void add_target(const std::string& name) {
    REQUIRE_FALSE(put_rule(name, R"({"source":[")" + name + R"("]})").error);
    REQUIRE_FALSE(put_targets(name, {test::target_of("t", url_of(name))}).error);
  }
  static std::string url_of(const std::string& name) { return "http://" + name + ".test/"; }
  void put_events(const std::string& source, int count) {
    for (int i = 0; i < count; ++i) {
      REQUIRE(put({test::entry_of(source, "Order", "{}")}).response.failed_entry_count == 0);
    }
  }
  std::size_t under_way(const std::string& name) const {
    return static_cast<std::size_t>(
        std::count_if(attempts.begin(), attempts.end(),
                      [&](const Attempt& attempt) { return attempt.http.url == url_of(name); }));
  }
  // Ends the attempts to that target, and those that follow, until there are none; how many.
  std::size_t answer_all(const std::string& name) {
    std::size_t count = 0;
    while (true) {
      const auto next = std::find_if(attempts.begin(), attempts.end(), [&](const Attempt& attempt) {
        return attempt.http.url == url_of(name);
      });
      if (next == attempts.end()) return count;
      const Attempt attempt = *next;
      attempts.erase(next);
      end_attempt(attempt, delivered());
      ++count;
    }
  }
  // The attempts under way hang for as long as they may.
  void time_out_all() {
    advance(5s);
    const auto hanging = std::exchange(attempts, {});
    for (const auto& attempt : hanging) end_attempt(attempt, timed_out());
  }
  std::vector<std::string> add_dead_targets(int count, int events_each) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      names.push_back("dead" + std::to_string(i));
      add_target(names.back());
    }
    for (const auto& name : names) put_events(name, events_each);
    return names;
  }
};

}  // namespace

TEST_CASE("a target earns attempts at a time by answering, up to the setting", "[fairness]") {
  SharedRoom world(limits(4, 100));
  world.add_target("live");
  world.put_events("live", 50);
  std::vector<std::size_t> widths;
  for (int i = 0; i < 5; ++i) {
    widths.push_back(world.under_way("live"));
    world.end_next_attempt(delivered());
  }
  CHECK(widths == std::vector<std::size_t>{1, 2, 3, 4, 4});
  CHECK(world.answer_all("live") == 45);
}

TEST_CASE("the next deliveries of a target are read once, however many attempts end meanwhile",
          "[fairness]") {
  SharedRoom world(limits(8, 100));
  world.add_target("t");
  world.put_events("t", 200);
  for (int i = 0; i < 20; ++i) world.end_next_attempt(delivered());
  REQUIRE(world.under_way("t") == 8);
  world.holds_reads = true;
  for (int i = 0; i < 8; ++i) world.end_next_attempt(delivered());
  CHECK(world.held_reads.size() == 1);
  // One that does not come back is not waited for.
  world.advance(1s);
  CHECK(world.held_reads.size() == 2);
  world.let_reads_go();
  CHECK(world.under_way("t") == 8);
  CHECK(world.answer_all("t") == 172);
}

TEST_CASE("a target that stops answering is soon tried one delivery at a time", "[fairness]") {
  SharedRoom world(limits(8, 100));
  world.add_target("t");
  world.put_events("t", 200);
  for (int i = 0; i < 20; ++i) world.end_next_attempt(delivered());
  REQUIRE(world.under_way("t") == 8);
  world.time_out_all();
  CHECK(world.under_way("t") == 1);
  SECTION("and gets its attempts back when it answers again") {
    CHECK(world.answer_all("t") == 172);
    world.advance(24h);
    CHECK(world.under_way("t") == 8);
  }
  SECTION("refusals are answers") {
    world.end_next_attempt(result_of_status(500, std::nullopt));
    CHECK(world.under_way("t") == 2);
  }
}

TEST_CASE("targets that hang, however many, leave half of the room to those that answer",
          "[fairness]") {
  SharedRoom world(limits(4, 8));
  world.add_dead_targets(20, 10);
  world.add_target("live");
  world.time_out_all();
  world.advance(1h);
  REQUIRE(world.attempts.size() == 4);
  // The first time it waits in line with them; then it is known.
  world.put_events("live", 100);
  while (world.under_way("live") == 0) world.time_out_all();
  CHECK(world.answer_all("live") == 100);
  CHECK(world.attempts.size() == 4);
}

TEST_CASE("targets of which nothing is known yet leave half of the room to those known to answer",
          "[fairness]") {
  SharedRoom world(limits(4, 8));
  world.add_target("live");
  world.put_events("live", 1);
  REQUIRE(world.answer_all("live") == 1);
  world.add_dead_targets(20, 1);
  CHECK(world.attempts.size() == 4);
  world.put_events("live", 10);
  CHECK(world.answer_all("live") == 10);
}

TEST_CASE("targets that hang take turns among themselves", "[fairness]") {
  SharedRoom world(limits(4, 8));
  const auto names = world.add_dead_targets(20, 3);
  std::set<std::string> asked;
  for (int i = 0; i < 20 && asked.size() < names.size(); ++i) {
    for (const auto& attempt : world.attempts) asked.insert(attempt.http.url);
    world.time_out_all();
  }
  CHECK(asked.size() == names.size());
}

TEST_CASE("a target that answers, but slowly, still gets everything", "[fairness]") {
  SharedRoom world(limits(4, 8));
  world.add_target("slow");
  world.add_target("live");
  world.put_events("slow", 60);
  std::size_t count = 0;
  while (world.under_way("slow") > 0) {
    REQUIRE(world.under_way("slow") <= 4);
    world.advance(4s);
    const auto hanging = std::exchange(world.attempts, {});
    for (const auto& attempt : hanging) world.end_attempt(attempt, delivered());
    count += hanging.size();
  }
  CHECK(count == 60);
}

TEST_CASE("targets that wait for room all get it, whatever became of them meanwhile",
          "[fairness]") {
  SharedRoom world(limits(4, 2));
  const auto names = world.add_dead_targets(6, 5);
  world.time_out_all();
  // All of them answer from now on; those that waited as slow ones are waited for no longer.
  std::size_t count = 0;
  for (int i = 0; i < 400; ++i) {
    while (!world.attempts.empty()) {
      world.end_next_attempt(delivered());
      ++count;
    }
    world.advance(10s);
  }
  CHECK(count == 30);
  CHECK(world.engine().broker()->attempts_under_way() == 0);
}

TEST_CASE("room is counted for slow targets and for all, in attempts and in bytes", "[fairness]") {
  AttemptSlots slots(5);
  CHECK(slots.room(false) == 5);
  CHECK(slots.room(true) == 2);
  slots.take(true, 10);
  slots.take(true, 10);
  CHECK(slots.room(false) == 3);
  CHECK(slots.room(true) == 0);
  slots.give_back(true, 10);
  CHECK(slots.room(true) == 1);
  slots.take(true, AttemptSlots::bytes_max / 2);
  slots.give_back(true, 10);
  CHECK(slots.room(true) == 0);
  CHECK(slots.room(false) == 4);
  slots.take(false, AttemptSlots::bytes_max / 2);
  CHECK(slots.room(false) == 0);
  CHECK(slots.count() == 2);
}

TEST_CASE("even of one attempt at a time, slow targets get some", "[fairness]") {
  AttemptSlots slots(1);
  CHECK(slots.room(true) == 1);
  slots.wait(true, 7);
  slots.wait(false, 8);
  CHECK(slots.next_waiting(false) == 8);
  CHECK_FALSE(slots.next_waiting(false));
  slots.take(false, 1);
  CHECK_FALSE(slots.next_waiting(true));
  slots.give_back(false, 1);
  CHECK(slots.next_waiting(true) == 7);
}
