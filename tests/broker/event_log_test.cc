// The log of a bus: appended to, read in order, dropped by whole segments, the same after a
// restart.
#include "broker/event_log.h"

#include <catch2/catch.hpp>

#include "broker/log_reader.h"
#include "storage/memory_store.h"

namespace signalbox::broker {

namespace {

constexpr std::uint64_t bus_id = 42;

// A log over a store; each step is one committed batch, as the engine makes them.
struct Harness {
  LogLimits limits{std::chrono::hours(24), 1 << 20};
  storage::MemoryStore store;
  BusLog log;
  Time now = from_ms(1'700'000'000'000);
  int appended = 0;

  void commit(storage::Batch batch) {
    store.commit(std::move(batch), storage::Durability::synced, [](storage::Outcome) {});
  }
  void append(int count, std::size_t padding = 0) {
    storage::Batch batch;
    for (int i = 0; i < count; ++i) {
      const std::string json =
          "{\"n\":" + std::to_string(++appended) + ",\"p\":\"" + std::string(padding, 'x') + "\"}";
      log.append(bus_id, {to_ms(now), IdBytes{}, json}, now, limits, batch);
    }
    log.seal(bus_id, batch);
    commit(std::move(batch));
  }
  void expire() {
    storage::Batch batch;
    log.expire(bus_id, now, limits, batch);
    commit(std::move(batch));
  }
  // The log as a new process would know it.
  BusLog restarted() const {
    BusLog fresh;
    const auto range = storage::keys::segments_of_bus(bus_id);
    store.view()->scan(range.first, range.past_last, storage::Direction::forward,
                       [&](std::string_view key, std::string_view value) {
                         const auto place = storage::keys::parse_event_segment(key);
                         const auto segment = decode_log_segment(place->segment, value);
                         REQUIRE(segment);
                         fresh.restore(*segment);
                         return true;
                       });
    return fresh;
  }
  LogPage read(const LogQuery& query = {}) const {
    return read_bus_log(*store.view(), bus_id, query);
  }
  // The JSON of all events, in the order of their places.
  std::vector<std::string> events() const {
    std::vector<std::string> all;
    const auto range = storage::keys::events_of_bus(bus_id);
    store.view()->scan(range.first, range.past_last, storage::Direction::forward,
                       [&](std::string_view, std::string_view value) {
                         const auto event = decode_logged_event(value);
                         REQUIRE(event);
                         all.emplace_back(event->json);
                         return true;
                       });
    return all;
  }
};

}  // namespace

TEST_CASE("events are read back in the order they were appended, page by page", "[bus_log]") {
  Harness harness;
  harness.append(3);
  harness.now += std::chrono::hours(2);  // a new segment
  harness.append(4);
  std::vector<std::string> all;
  LogPage page;
  do {
    page = harness.read({.after = page.next, .count_max = 2});
    CHECK_FALSE(page.failed);
    for (auto& event : page.events) all.push_back(std::move(event.json));
  } while (page.has_more);
  REQUIRE(all.size() == 7);
  for (int i = 0; i < 7; ++i) {
    CHECK(all[static_cast<std::size_t>(i)].starts_with("{\"n\":" + std::to_string(i + 1) + ","));
  }
  CHECK(harness.log.segments().size() == 2);
}

TEST_CASE("segments end by time and by size", "[bus_log]") {
  Harness harness;
  harness.append(1);
  harness.now += std::chrono::minutes(59);
  harness.append(1);
  CHECK(harness.log.segments().size() == 1);
  harness.now += std::chrono::minutes(1);
  harness.append(1);
  CHECK(harness.log.segments().size() == 2);
  harness.append(2, harness.limits.segment_bytes_max());
  CHECK(harness.log.segments().size() == 3);
}

TEST_CASE("a restart finds the same log and goes on behind it", "[bus_log]") {
  Harness harness;
  harness.append(3);
  harness.now += std::chrono::hours(2);
  harness.append(2);
  BusLog fresh = harness.restarted();
  CHECK(fresh.count() == 5);
  CHECK(fresh.bytes() == harness.log.bytes());
  CHECK(fresh.segments().size() == 2);
  harness.log = fresh;
  harness.append(1);
  CHECK(harness.events().size() == 6);
  CHECK(harness.events().back().starts_with("{\"n\":6,"));
  CHECK(harness.restarted().count() == 6);
}

TEST_CASE("segments older than the retention are dropped whole, younger ones are not",
          "[bus_log]") {
  Harness harness;
  harness.append(2);
  harness.now += std::chrono::hours(23);
  harness.append(3);
  harness.now += std::chrono::minutes(59);
  harness.expire();
  CHECK(harness.log.count() == 5);
  CHECK(harness.log.expires_at(harness.limits) == harness.now + std::chrono::minutes(1));
  harness.now += std::chrono::minutes(1);
  harness.expire();
  CHECK(harness.log.count() == 3);
  CHECK(harness.events().size() == 3);
  CHECK(harness.restarted().count() == 3);
}

TEST_CASE("past its size a log drops its oldest segments and keeps the open one", "[bus_log]") {
  Harness harness;
  harness.limits.bytes_max = 16'000;
  harness.append(40, 500);
  REQUIRE(harness.log.segments().size() > 4);
  harness.append(1, 20'000);
  CHECK(harness.log.expires_at(harness.limits) <= harness.now);
  harness.expire();
  CHECK(harness.log.segments().size() == 1);
  CHECK(harness.log.count() == harness.events().size());
  CHECK(harness.events().back().starts_with("{\"n\":41,"));
}

TEST_CASE("a position never names another event after everything has expired", "[bus_log]") {
  Harness harness;
  harness.append(2);
  const auto position = harness.read().next;
  CHECK(position == LogPosition{1, 2});
  harness.now += std::chrono::hours(25);
  harness.expire();
  CHECK(harness.log.count() == 0);
  CHECK(harness.events().size() == 0);
  CHECK_FALSE(harness.log.expires_at(harness.limits));
  harness.log = harness.restarted();
  harness.append(1);
  const auto page = harness.read({.after = position});
  REQUIRE(page.events.size() == 1);
  CHECK(page.events[0].json.starts_with("{\"n\":3,"));
}

TEST_CASE("a deleted log leaves nothing behind", "[bus_log]") {
  Harness harness;
  harness.append(3);
  storage::Batch batch;
  harness.log.erase_all(bus_id, batch);
  harness.commit(std::move(batch));
  CHECK(harness.store.contents().empty());
}

TEST_CASE("records of a newer format and damaged ones are refused", "[bus_log]") {
  const std::string segment =
      encode_log_segment({.number = 3, .first_ms = 1, .last_ms = 2, .count = 4, .bytes = 5});
  CHECK(decode_log_segment(3, segment)->count == 4);
  CHECK_FALSE(decode_log_segment(3, "\x04" + segment.substr(1)));
  CHECK_FALSE(decode_log_segment(3, segment.substr(0, segment.size() - 1)));
  CHECK_FALSE(decode_log_segment(3, segment + "x"));
  const std::string head =
      encode_logged_event_head({.accepted_ms = 9, .id = {1, 2, 3}, .json = {}});
  const std::string event = head + "{}";
  CHECK(decode_logged_event(event)->json == "{}");
  CHECK(decode_logged_event(event)->accepted_ms == 9);
  CHECK(decode_logged_event(event)->id[2] == 3);
  CHECK_FALSE(decode_logged_event("\x02" + event.substr(1)));
  CHECK_FALSE(decode_logged_event(head.substr(0, head.size() - 1)));
}

TEST_CASE("a segment of before, which does not know its events' times, may have any", "[bus_log]") {
  // Format 1: first_ms, last_ms, count, bytes.
  std::string segment = encode_log_segment({.number = 3, .count = 4, .bytes = 5});
  segment = "\x01" + segment.substr(1, 32);
  const auto read = decode_log_segment(3, segment);
  REQUIRE(read);
  CHECK(read->count == 4);
  CHECK(read->bytes == 5);
  CHECK(read->first_second == 0);
  CHECK(read->last_second == event_seconds_past_last - 1);
  // Format 2 has these, and not the count of the segment before.
  segment = encode_log_segment({.number = 3, .count = 4, .count_before = 7});
  CHECK(decode_log_segment(3, segment)->count_before == 7);
  segment = "\x02" + segment.substr(1, 48);
  REQUIRE(decode_log_segment(3, segment));
  CHECK_FALSE(decode_log_segment(3, segment)->count_before);
}

TEST_CASE("the seconds of events count from the year 1 and end with the year 9999", "[bus_log]") {
  CHECK(event_second_of(-62'135'596'800'000) == 0);
  CHECK(event_second_of(-62'135'596'800'001) == 0);
  CHECK(event_second_of(-62'135'596'799'001) == 0);
  CHECK(event_second_of(-62'135'596'799'000) == 1);
  CHECK(event_second_of(253'402'300'799'999) == event_seconds_past_last - 1);
  CHECK(event_second_of(253'402'300'800'000) == event_seconds_past_last - 1);
  CHECK(event_second_of(std::numeric_limits<std::int64_t>::max()) == event_seconds_past_last - 1);
  CHECK(event_second_of(std::numeric_limits<std::int64_t>::min()) == 0);
  CHECK(time_ms_of(event_second_of(1'767'323'045'678)) == 1'767'323'045'000);
  CHECK(time_ms_of(event_second_of(-1)) == -1000);
}

TEST_CASE("a log by event time has the events of a segment in that order, and says which it has",
          "[bus_log]") {
  Harness harness;
  harness.log = BusLog(LogOrder::event_time);
  const auto append = [&](int number, EventSecond second) {
    storage::Batch batch;
    const std::string json = "{\"n\":" + std::to_string(number) + "}";
    harness.log.append(bus_id, {to_ms(harness.now), IdBytes{}, json, second}, harness.now,
                       harness.limits, batch);
    harness.log.seal(bus_id, batch);
    harness.commit(std::move(batch));
  };
  append(1, 500);
  append(2, 100);
  append(3, event_seconds_past_last - 1);
  append(4, 100);
  harness.now += std::chrono::hours(2);
  append(5, 1);
  CHECK(harness.events() ==
        std::vector<std::string>{"{\"n\":2}", "{\"n\":4}", "{\"n\":1}", "{\"n\":3}", "{\"n\":5}"});
  const BusLog fresh = harness.restarted();
  REQUIRE(fresh.segments().size() == 2);
  CHECK(fresh.segments().front().first_second == 100);
  CHECK(fresh.segments().front().last_second == event_seconds_past_last - 1);
  CHECK(fresh.segments().back().first_second == 1);
  CHECK(fresh.segments().back().last_second == 1);
}

TEST_CASE("what is kept forever does not expire, and its segments are days", "[bus_log]") {
  Harness harness;
  harness.limits.retention = LogLimits::forever;
  harness.append(1);
  CHECK_FALSE(harness.log.expires_at(harness.limits));
  harness.now += std::chrono::hours(23);
  harness.append(1);
  CHECK(harness.log.segments().size() == 1);
  harness.now += std::chrono::hours(24 * 3650);
  harness.append(1);
  harness.expire();
  CHECK(harness.log.segments().size() == 2);
  CHECK(harness.log.count() == 3);
}

}  // namespace signalbox::broker
