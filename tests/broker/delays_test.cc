#include "broker/delays.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "broker/deadlines.h"

using namespace signalbox::broker;

namespace {

DueEntry entry(std::int64_t due_ms, std::uint64_t sequence) {
  DueEntry due;
  due.due_ms = due_ms;
  due.queue_id = 1;
  due.sequence = sequence;
  return due;
}

}  // namespace

TEST_CASE("the due horizon hands out every entry once and in order, whatever the reads see",
          "[delays]") {
  // Reads run against a copy of the disk taken when they start, and end some steps later: what is
  // added meanwhile must neither be lost nor come twice.
  const auto seed = GENERATE(range(1u, 40u));
  std::mt19937 random(seed);
  Delays delays(4);
  std::set<DueEntry> disk;
  std::optional<std::vector<DueEntry>> reading;
  bool reading_reaches_end = false;
  std::set<std::uint64_t> taken;
  std::uint64_t last_sequence = 0;
  std::int64_t now_ms = 0;
  const auto start_read = [&] {
    if (!delays.wants_load()) return;
    delays.load_started();
    reading.emplace();
    auto at = disk.lower_bound(delays.load_from());
    for (; at != disk.end() && reading->size() < delays.count_max(); ++at) reading->push_back(*at);
    reading_reaches_end = reading->size() < delays.count_max();
  };
  const auto end_read = [&] {
    if (!reading) return;
    delays.loaded(*reading, reading_reaches_end);
    reading.reset();
  };
  const auto take_due = [&] {
    while (const auto* first = delays.first()) {
      if (first->due_ms > now_ms) break;
      CHECK(taken.insert(first->sequence).second);
      REQUIRE(disk.erase(*first) == 1);
      delays.pop_first();
    }
  };
  for (int step = 0; step < 400; ++step) {
    if (random() % 3 != 0) {
      const auto added =
          entry(now_ms + 1 + static_cast<std::int64_t>(random() % 50), ++last_sequence);
      disk.insert(added);
      delays.add(added);
      CHECK(delays.known_count() <= 4);
    }
    if (random() % 4 == 0) start_read();
    if (random() % 3 == 0) end_read();
    if (random() % 5 == 0) now_ms += static_cast<std::int64_t>(random() % 10);
    take_due();
  }
  now_ms += 1000;
  for (int round = 0; round < 500 && !disk.empty(); ++round) {
    take_due();
    start_read();
    end_read();
  }
  take_due();
  CHECK(disk.empty());
  CHECK(taken.size() == last_sequence);
}

TEST_CASE("deadlines come in the order of their times, each as it was last set", "[delays]") {
  Deadlines deadlines;
  CHECK_FALSE(deadlines.next());
  deadlines.set(DeadlineKind::leases, 1, from_ms(30));
  deadlines.set(DeadlineKind::leases, 2, from_ms(10));
  deadlines.set(DeadlineKind::retention, 1, from_ms(20));
  deadlines.set(DeadlineKind::leases, 2, from_ms(40));
  deadlines.clear(DeadlineKind::retention, 1);
  CHECK(deadlines.next() == from_ms(30));
  CHECK_FALSE(deadlines.pop_due(from_ms(29)));
  CHECK(deadlines.pop_due(from_ms(50)) == Deadlines::Key{DeadlineKind::leases, 1});
  CHECK(deadlines.pop_due(from_ms(50)) == Deadlines::Key{DeadlineKind::leases, 2});
  CHECK_FALSE(deadlines.pop_due(from_ms(50)));
}
