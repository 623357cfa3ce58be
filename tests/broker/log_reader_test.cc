// Pages of a bus's log: by place, by time, by pattern, with a bound on the work of each.
#include "broker/log_reader.h"

#include <catch2/catch.hpp>

#include "storage/memory_store.h"

namespace signalbox::broker {

namespace {

constexpr std::uint64_t bus_id = 42;
constexpr std::int64_t start_ms = 1'700'000'000'000;

// A log in which event n is accepted n seconds after the first, in segments of an hour.
struct Harness {
  LogLimits limits{std::chrono::hours(24), 1 << 30};
  storage::MemoryStore store;
  BusLog log;
  std::int64_t appended = 0;

  void commit(storage::Batch batch) {
    store.commit(std::move(batch), storage::Durability::synced, [](storage::Outcome) {});
  }
  void append(std::int64_t count) {
    storage::Batch batch;
    for (std::int64_t i = 0; i < count; ++i, ++appended) {
      const auto now = from_ms(start_ms + appended * 1000);
      const auto json = "{\"source\":\"" + std::string(appended % 10 == 0 ? "tenth" : "other") +
                        "\",\"n\":" + std::to_string(appended) + "}";
      log.append(bus_id, {to_ms(now), IdBytes{}, json}, now, limits, batch);
    }
    log.seal(bus_id, batch);
    commit(std::move(batch));
  }
  void expire_after(std::int64_t seconds) {
    storage::Batch batch;
    log.expire(bus_id, from_ms(start_ms) + limits.retention + std::chrono::seconds(seconds), limits,
               batch);
    commit(std::move(batch));
  }
  LogPage read(const LogQuery& query = {}) const {
    return read_bus_log(*store.view(), bus_id, query);
  }
  LogPosition end() const { return end_of_bus_log(*store.view(), bus_id).value(); }
  // The number of the first event at that time or later, or -1.
  std::int64_t first_at(std::int64_t time_ms) const {
    const auto place = position_before_time(*store.view(), bus_id, time_ms);
    REQUIRE(place);
    const auto page = read({.after = *place, .count_max = 1});
    return page.events.empty() ? -1 : (page.events[0].accepted_ms - start_ms) / 1000;
  }
};

std::shared_ptr<const rules::Pattern> pattern(std::string_view json) {
  rules::PatternError error;
  auto compiled = rules::Pattern::compile(json, error);
  REQUIRE(compiled);
  return compiled;
}

}  // namespace

TEST_CASE("a page always says where the next one begins", "[log_reader]") {
  Harness harness;
  auto page = harness.read();
  CHECK(page.next == LogPosition{});
  CHECK_FALSE(page.has_more);
  harness.append(3);
  page = harness.read({.after = page.next, .count_max = 3});
  CHECK(page.events.size() == 3);
  CHECK(page.events[2].at == page.next);
  CHECK(page.events[2].accepted_ms == start_ms + 2000);
  CHECK(page.next == harness.end());
  CHECK_FALSE(page.has_more);
  page = harness.read({.after = page.next});
  CHECK(page.events.empty());
  harness.append(1);
  page = harness.read({.after = page.next});
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].json.find("\"n\":3") != std::string::npos);
}

TEST_CASE("a page ends at each of its bounds and the next goes on behind it", "[log_reader]") {
  Harness harness;
  harness.append(5000);  // of two segments
  const auto tenth = pattern(R"({"source":["tenth"]})");
  const std::size_t bytes = std::string(R"({"source":"other","n":1234})").size();
  const LogQuery bounds[] = {{.count_max = 7},
                             {.bytes_max = 3 * bytes},
                             {.bytes_max = 1},  // one event at least
                             {.looked_at_max = 100},
                             {.bytes_looked_at_max = 1},
                             {.pattern = tenth.get(), .count_max = 3},
                             {.pattern = tenth.get(), .looked_at_max = 25}};
  for (LogQuery query : bounds) {
    std::int64_t expected = 0;
    LogPage page;
    do {
      query.after = page.next;
      page = harness.read(query);
      REQUIRE_FALSE(page.failed);
      REQUIRE(page.events.size() <= query.count_max);
      for (const auto& event : page.events) {
        REQUIRE(event.accepted_ms == start_ms + expected * 1000);
        expected += query.pattern != nullptr ? 10 : 1;
      }
    } while (page.has_more);
    CHECK(expected == 5000);
  }
}

TEST_CASE("a page ends where it was told to", "[log_reader]") {
  Harness harness;
  harness.append(4000);
  const auto page = harness.read({.after = {1, 10}, .until = LogPosition{1, 13}});
  CHECK(page.events.size() == 3);
  CHECK_FALSE(page.has_more);
  CHECK(page.next == LogPosition{1, 13});
  CHECK(harness.read({.after = {1, 3599}, .until = LogPosition{2, 1}}).events.size() == 2);
  CHECK(harness.read({.after = {1, 13}, .until = LogPosition{1, 13}}).events.empty());
  CHECK(harness.read({.until = LogPosition{9, 9}, .count_max = 9999}).events.size() == 4000);
}

TEST_CASE("a time is found in whichever segment it is", "[log_reader]") {
  Harness harness;
  CHECK(harness.first_at(start_ms) == -1);
  harness.append(10'000);
  REQUIRE(harness.log.segments().size() == 3);
  CHECK(harness.first_at(0) == 0);
  CHECK(harness.first_at(start_ms) == 0);
  for (const std::int64_t n : {1, 2, 3599, 3600, 3601, 7199, 7200, 9999}) {
    CHECK(harness.first_at(start_ms + n * 1000) == n);
    CHECK(harness.first_at(start_ms + n * 1000 - 999) == n);
  }
  CHECK(harness.first_at(start_ms + 9999 * 1000 + 1) == -1);
}

TEST_CASE("whoever asks for what is gone is told so and gets what is left", "[log_reader]") {
  Harness harness;
  harness.append(4000);
  CHECK_FALSE(harness.read({.after = {1, 5}}).has_gap);
  harness.expire_after(3600);
  auto page = harness.read({.after = {1, 5}});
  CHECK(page.has_gap);
  REQUIRE_FALSE(page.events.empty());
  CHECK(page.events[0].accepted_ms == start_ms + 3600 * 1000);
  CHECK_FALSE(harness.read().has_gap);
  CHECK(harness.first_at(0) == 3600);
  harness.expire_after(4000);
  page = harness.read();
  CHECK(page.events.empty());
  CHECK(page.next == harness.end());
  CHECK(harness.first_at(0) == -1);
}

TEST_CASE("whoever had read all of what is gone has missed nothing", "[log_reader]") {
  Harness harness;
  harness.append(4000);
  REQUIRE(harness.log.segments().size() == 2);
  const std::uint64_t first_count = harness.log.segments().front().count;
  harness.expire_after(3600);
  CHECK_FALSE(harness.read({.after = {1, first_count}}).has_gap);
  CHECK(harness.read({.after = {1, first_count - 1}}).has_gap);
  const auto end = harness.end();
  harness.expire_after(4000);
  CHECK_FALSE(harness.read({.after = end}).has_gap);
  harness.append(1);
  const auto page = harness.read({.after = end});
  CHECK_FALSE(page.has_gap);
  CHECK(page.events.size() == 1);
  CHECK(harness.read({.after = {end.segment, end.position - 1}}).has_gap);
}

TEST_CASE("a place behind the end, of a log that lost its newest part, is its end",
          "[log_reader]") {
  Harness harness;
  harness.append(3);
  const auto page = harness.read({.after = {7, 7}});
  CHECK(page.has_gap);
  CHECK(page.events.empty());
  CHECK(page.next == harness.end());
}

TEST_CASE("a damaged record fails the page", "[log_reader]") {
  Harness harness;
  harness.append(3);
  storage::Batch batch;
  batch.put(storage::keys::event({bus_id, 1, 2}), "x");
  harness.commit(std::move(batch));
  CHECK(harness.read().failed);
  CHECK_FALSE(harness.read({.after = {1, 2}}).failed);
}

}  // namespace signalbox::broker
