// Wide fan-out: past the limit an event is stored with a cursor and expanded in slices, and every
// delivery is made exactly once, wherever the broker is stopped.
#include <catch2/catch.hpp>
#include <map>

#include "storage/faulty_store.h"
#include "tests/broker/events_fixture.h"

using namespace std::chrono_literals;
using namespace signalbox::broker;
using namespace signalbox::broker::test;
namespace storage = signalbox::storage;

namespace {

constexpr auto any_source = R"({"source":[{"prefix":""}]})";
constexpr std::size_t queue_count = 5;
constexpr std::size_t rule_count = 130;  // 650 deliveries: three slices

std::string queue_name(std::size_t i) { return "q" + std::to_string(i); }

Settings narrow() {
  Settings settings;
  settings.fan_out_messages_max = 100;
  return settings;
}

// Every rule has every queue as a target.
void make_wide(EventsWorld& world) {
  std::vector<signalbox::broker::api::Target> targets;
  for (std::size_t i = 0; i < queue_count; ++i) {
    world.create_queue(queue_name(i));
    targets.push_back(target_of("t" + std::to_string(i), queue_arn(queue_name(i))));
  }
  for (std::size_t i = 0; i < rule_count; ++i) {
    const std::string name = "r" + std::to_string(i);
    REQUIRE_FALSE(world.put_rule(name, any_source).error);
    REQUIRE_FALSE(world.put_targets(name, targets).error);
  }
}

std::map<std::string, std::size_t> drain_all(EventsWorld& world) {
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < queue_count; ++i) counts[queue_name(i)] = world.drain(queue_name(i));
  return counts;
}

std::map<std::string, std::size_t> each_queue_has(std::size_t count) {
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < queue_count; ++i) counts[queue_name(i)] = count;
  return counts;
}

std::size_t stored_tasks(const storage::Store& store) {
  std::size_t count = 0;
  for (const auto prefix :
       {storage::keys::Prefix::fan_out_task, storage::keys::Prefix::fan_out_cursor}) {
    const auto range = storage::keys::all_of(prefix);
    store.view()->scan(range.first, range.past_last, storage::Direction::forward,
                       [&](auto, auto) { return ++count > 0; });
  }
  return count;
}

}  // namespace

TEST_CASE("a wide event reaches every target once and leaves no task behind", "[events]") {
  EventsWorld world(narrow());
  make_wide(world);
  const auto put = world.put({entry_of("s", "t", "{}")});
  REQUIRE(put.response.failed_entry_count == 0);
  CHECK(drain_all(world) == each_queue_has(rule_count));
  CHECK(stored_tasks(world.store()) == 0);
  CHECK(world.logged().size() == 1);
}

TEST_CASE("narrow events beside a wide one arrive at once", "[events]") {
  EventsWorld world(narrow());
  make_wide(world);
  const auto queue = world.route("narrow", R"({"source":["n"],"detail":{"only":[true]}})");
  world.put({entry_of("s", "t", "{}"), entry_of("n", "t", R"({"only":true})")});
  CHECK(world.drain(queue) == 1);
  CHECK(drain_all(world) == each_queue_has(2 * rule_count));
}

TEST_CASE("deliveries of one request past the limit in bytes become a task too", "[events]") {
  Settings settings;
  settings.fan_out_bytes_max = 20'000;
  EventsWorld world(settings);
  make_wide(world);
  world.put({entry_of("s", "t", R"({"pad":")" + std::string(5000, 'x') + R"("})")});
  CHECK(drain_all(world) == each_queue_has(rule_count));
  CHECK(stored_tasks(world.store()) == 0);
}

TEST_CASE("stopped after any commit, a wide fan-out ends with every delivery made once",
          "[events]") {
  auto inner = std::make_shared<storage::MemoryStore>();
  storage::MemoryStore::Contents before;
  std::size_t commits = 0;
  {
    EventsWorld world(narrow(), inner);
    make_wide(world);
    before = inner->contents();
    const std::size_t commits_before = inner->commit_count();
    world.put({entry_of("s", "t", "{}")});
    commits = inner->commit_count() - commits_before;
  }
  REQUIRE(commits >= 4);  // the event and three slices
  std::size_t lost_whole = 0;
  for (std::size_t stop = 1; stop <= commits + 1; ++stop) {
    storage::MemoryStore::Options options;
    options.contents = before;
    auto memory = std::make_shared<storage::MemoryStore>(options);
    auto faulty = std::make_shared<storage::FaultyStore>(memory);
    EventsWorld world(narrow(), faulty);
    // Commit 1 is the restart's own.
    faulty->fail_commit(stop + 1, storage::Outcome::unknown, storage::FaultyStore::Written::no);
    const auto put = world.put({entry_of("s", "t", "{}")});
    const bool acknowledged = put.released && !put.error;
    world.restart(memory);
    REQUIRE(world.load_problem().empty());
    world.advance(1s);
    INFO("stopped at commit " << stop << ", acknowledged: " << acknowledged);
    const auto counts = drain_all(world);
    if (acknowledged) {
      CHECK(counts == each_queue_has(rule_count));
      CHECK(world.logged().size() == 1);
    } else {
      // Nothing half done.
      CHECK(counts == each_queue_has(0));
      CHECK(world.logged().empty());
      ++lost_whole;
    }
    CHECK(stored_tasks(world.store()) == 0);
  }
  CHECK(lost_whole == 1);
}

TEST_CASE("targets removed while a wide event is on its way get no more of it", "[events]") {
  auto memory = std::make_shared<storage::MemoryStore>();
  auto faulty = std::make_shared<storage::FaultyStore>(memory);
  EventsWorld world(narrow(), faulty);
  make_wide(world);
  // Held before its first slice.
  faulty->delay_commit(faulty->commit_count() + 1);
  auto put = world.start<&Broker::put_events>([] {
    signalbox::broker::api::PutEventsRequest request;
    request.entries = {entry_of("s", "t", "{}")};
    return request;
  }());
  CHECK_FALSE(put->released);
  std::vector<std::shared_ptr<Reply<signalbox::broker::api::TargetsResponse>>> removed;
  for (std::size_t i = 0; i < rule_count; ++i) {
    signalbox::broker::api::RemoveTargetsRequest remove;
    remove.rule = "r" + std::to_string(i);
    remove.ids = {"t0"};
    removed.push_back(world.start<&Broker::remove_targets>(remove));
  }
  faulty->release();
  world.settle();
  CHECK(put->released);
  CHECK(removed.back()->released);
  auto expected = each_queue_has(rule_count);
  expected[queue_name(0)] = 0;
  CHECK(drain_all(world) == expected);
  CHECK(stored_tasks(world.store()) == 0);
}
