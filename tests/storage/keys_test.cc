#include "storage/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace signalbox::storage;

namespace {

constexpr std::uint64_t u64_values[] = {0,          1,
                                        255,        256,
                                        1ULL << 32, (1ULL << 63) - 1,
                                        1ULL << 63, std::numeric_limits<std::uint64_t>::max()};
constexpr std::uint32_t u32_values[] = {0,   1,        255,
                                        256, 1U << 31, std::numeric_limits<std::uint32_t>::max()};
constexpr std::int64_t i64_values[] = {
    std::numeric_limits<std::int64_t>::min(), -256, -1, 0, 1, 255, 1732406400000,
    std::numeric_limits<std::int64_t>::max()};

std::vector<keys::MessagePlace> message_places() {
  std::vector<keys::MessagePlace> places;
  for (const auto queue_id : u64_values) {
    for (const auto generation : u32_values) {
      for (const std::uint8_t lane : {0, 1, 255}) {
        for (const auto sequence : u64_values) {
          places.push_back({queue_id, generation, lane, sequence});
        }
      }
    }
  }
  return places;
}

// Every ordered pair of places must have keys in the same order, and every key must parse back.
template <class Place, class Build, class Parse>
void check_order_and_round_trip(std::vector<Place> places, Build build, Parse parse) {
  std::sort(places.begin(), places.end());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string key(std::string_view(build(places[i])));
    REQUIRE(parse(key) == places[i]);
    REQUIRE_FALSE(parse(key + '\0'));
    REQUIRE_FALSE(parse(std::string_view(key).substr(0, key.size() - 1)));
    REQUIRE_FALSE(parse('\1' + key.substr(1)));
    if (i > 0) REQUIRE(std::string(std::string_view(build(places[i - 1]))) < key);
  }
}

bool contains(const KeyRange& range, std::string_view key) {
  return range.first.view() <= key && key < range.past_last.view();
}

}  // namespace

TEST_CASE("keys of messages and leases sort like their numbers and parse back") {
  check_order_and_round_trip(message_places(), keys::message, keys::parse_message);
  check_order_and_round_trip(message_places(), keys::lease, keys::parse_lease);
}

TEST_CASE("keys of due entries sort by time first, negative times too, and parse back") {
  std::vector<keys::DuePlace> places;
  for (const auto due_ms : i64_values) {
    for (const auto queue_id : u64_values) {
      for (const auto generation : u32_values) {
        places.push_back({due_ms, queue_id, generation, 7});
        places.push_back({due_ms, queue_id, generation, 8});
      }
    }
  }
  check_order_and_round_trip(places, keys::due, keys::parse_due);
}

TEST_CASE("keys of rules, events, segments and steps sort like their numbers and parse back") {
  std::vector<keys::RulePlace> rules;
  std::vector<keys::EventPlace> events;
  std::vector<keys::SegmentPlace> segments;
  std::vector<keys::StepPlace> steps;
  for (const auto a : u64_values) {
    for (const auto b : u64_values) {
      rules.push_back({a, b});
      segments.push_back({a, b});
      for (const auto c : u64_values) events.push_back({a, b, c});
    }
    for (const auto time_ms : i64_values) steps.push_back({time_ms, a});
  }
  check_order_and_round_trip(rules, keys::rule, keys::parse_rule);
  check_order_and_round_trip(events, keys::event, keys::parse_event);
  check_order_and_round_trip(segments, keys::event_segment, keys::parse_event_segment);
  check_order_and_round_trip(steps, keys::terminal_step, keys::parse_terminal_step);
}

TEST_CASE("keys of deduplication sort by queue, generation, minute and digest, and parse back") {
  std::vector<keys::DeduplicationPlace> places;
  for (const auto queue_id : u64_values) {
    for (const auto generation : u32_values) {
      for (const auto minute : u32_values) {
        places.push_back({queue_id, generation, minute, {0, 1}});
        places.push_back({queue_id, generation, minute, {255, 255}});
      }
    }
  }
  check_order_and_round_trip(places, keys::deduplication, keys::parse_deduplication);
  const auto before = keys::deduplication_before({1, 2, 256, {}});
  REQUIRE(contains(before, keys::deduplication({1, 2, 255, {255}})));
  REQUIRE_FALSE(contains(before, keys::deduplication({1, 2, 256, {}})));
  REQUIRE_FALSE(contains(before, keys::deduplication({1, 1, 255, {}})));
}

TEST_CASE("keys of move tasks sort by their queue and parse back") {
  std::vector<keys::MoveTaskPlace> places;
  for (const auto queue_id : u64_values) {
    for (const auto task_id : u64_values) places.push_back({queue_id, task_id});
  }
  check_order_and_round_trip(places, keys::move_task, keys::parse_move_task);
  REQUIRE(contains(keys::move_tasks_of_queue(7), keys::move_task({7, ~0ull})));
  REQUIRE_FALSE(contains(keys::move_tasks_of_queue(7), keys::move_task({8, 0})));
}

TEST_CASE("keys of deliveries sort by lane, then by when they are due, and parse back") {
  std::vector<keys::DeliveryPlace> places;
  std::vector<keys::DeliveryDuePlace> due;
  for (const auto lane_id : u64_values) {
    for (const auto number : u64_values) places.push_back({lane_id, number});
    for (const auto due_ms : i64_values) {
      for (const auto number : u64_values) due.push_back({lane_id, due_ms, number});
    }
  }
  check_order_and_round_trip(places, keys::delivery, keys::parse_delivery);
  check_order_and_round_trip(due, keys::delivery_due, keys::parse_delivery_due);
  REQUIRE(contains(keys::deliveries_due_from({7, 5, 2}), keys::delivery_due({7, 5, 2})));
  REQUIRE_FALSE(contains(keys::deliveries_due_from({7, 5, 2}), keys::delivery_due({7, 5, 1})));
  REQUIRE_FALSE(contains(keys::deliveries_due_from({7, 5, 2}), keys::delivery_due({8, 9, 9})));
  REQUIRE(contains(keys::deliveries_due_of_lanes_from(7), keys::delivery_due({8, 9, 9})));
  REQUIRE_FALSE(contains(keys::deliveries_due_of_lanes_from(7), keys::delivery_due({6, 9, 9})));
  REQUIRE(contains(keys::deliveries_of_lane(7), keys::delivery({7, ~0ull})));
}

TEST_CASE("keys of schedules sort by group and name, those of when they are due by time") {
  REQUIRE(keys::schedule(1, "b") < keys::schedule(2, "a"));
  REQUIRE(keys::schedule(1, "a") < keys::schedule(1, "ab"));
  REQUIRE(keys::schedule_due(-1, 9, "z") < keys::schedule_due(0, 1, "a"));
  REQUIRE(keys::schedule_due(0, 1, "z") < keys::schedule_due(0, 2, "a"));
  REQUIRE(contains(keys::schedules_of_group(7), keys::schedule(7, "a")));
  REQUIRE_FALSE(contains(keys::schedules_of_group(7), keys::schedule(8, "")));
}

TEST_CASE("keys of one number sort like it and parse back") {
  const std::vector<std::uint64_t> ids(std::begin(u64_values), std::end(u64_values));
  check_order_and_round_trip(ids, keys::queue, keys::parse_queue);
  check_order_and_round_trip(ids, keys::queue_state, keys::parse_queue_state);
  check_order_and_round_trip(ids, keys::bus, keys::parse_bus);
  check_order_and_round_trip(ids, keys::archive, keys::parse_archive);
  check_order_and_round_trip(ids, keys::fan_out_task, keys::parse_fan_out_task);
  check_order_and_round_trip(ids, keys::endpoint, keys::parse_endpoint);
  check_order_and_round_trip(ids, keys::partner_source, keys::parse_partner_source);
  check_order_and_round_trip(ids, keys::schema_registry, keys::parse_schema_registry);
  check_order_and_round_trip(ids, keys::discoverer, keys::parse_discoverer);
  check_order_and_round_trip(ids, keys::fan_out_cursor, keys::parse_fan_out_cursor);
  check_order_and_round_trip(ids, keys::schedule_group, keys::parse_schedule_group);
  check_order_and_round_trip(ids, keys::connection, keys::parse_connection);
  check_order_and_round_trip(ids, keys::api_destination, keys::parse_api_destination);
  check_order_and_round_trip(ids, keys::iam_role, keys::parse_iam_role);
  check_order_and_round_trip(ids, keys::iam_policy, keys::parse_iam_policy);
  const std::vector<std::uint32_t> worlds(std::begin(u32_values), std::end(u32_values));
  check_order_and_round_trip(worlds, keys::world, keys::parse_world);
}

TEST_CASE("keys of replays sort by their number, what was asked for before how far it got") {
  std::vector<keys::ReplayPlace> places;
  for (const auto id : u64_values) {
    places.push_back({id, false});
    places.push_back({id, true});
  }
  check_order_and_round_trip(places, keys::replay, keys::parse_replay);
  std::string other_part = keys::replay({1, true}).str();
  other_part.back() = 2;
  REQUIRE_FALSE(keys::parse_replay(other_part));
}

TEST_CASE("keys of schemas sort by registry, those of their contents by schema and version") {
  std::vector<keys::SchemaPlace> schemas;
  std::vector<keys::SchemaContentPlace> contents;
  for (const auto one : u64_values) {
    for (const auto other : u64_values) {
      schemas.push_back({one, other});
      contents.push_back({one, other});
    }
  }
  check_order_and_round_trip(schemas, keys::schema, keys::parse_schema);
  check_order_and_round_trip(contents, keys::schema_content, keys::parse_schema_content);
  REQUIRE(contains(keys::contents_of_schema(7), keys::schema_content({7, ~0ull})));
  REQUIRE_FALSE(contains(keys::contents_of_schema(7), keys::schema_content({8, 0})));
  REQUIRE(contains(keys::aliases_of_function(7), keys::function_alias(7, "live")));
  REQUIRE_FALSE(contains(keys::aliases_of_function(7), keys::function_alias(8, "live")));
  const auto alias = keys::parse_function_alias(keys::function_alias(7, "live"));
  REQUIRE(alias == keys::AliasPlace{7, "live"});
  REQUIRE(contains(keys::codes_of_function(7), keys::function_code(7, ~0ull)));
  REQUIRE_FALSE(contains(keys::codes_of_function(7), keys::function_code(8, 0)));
}

TEST_CASE("names in keys are kept byte for byte") {
  const std::string name("a\0\xff z", 5);
  REQUIRE(keys::parse_secret(keys::secret(name)) == name);
  REQUIRE(keys::parse_next_id(keys::next_id(name)) == name);
  REQUIRE(keys::parse_secret(keys::secret("")) == "");
  REQUIRE_FALSE(keys::parse_secret(keys::next_id(name)));
  const auto place = keys::parse_target(keys::target(5, 6, name));
  REQUIRE(place == keys::TargetPlace{5, 6, name});
  REQUIRE_FALSE(keys::parse_target(keys::rule({5, 6})));
  REQUIRE(keys::parse_schedule(keys::schedule(5, name)) == keys::SchedulePlace{5, name});
  REQUIRE(keys::parse_schedule_due(keys::schedule_due(-5, 6, name)) ==
          keys::ScheduleDuePlace{-5, 6, name});
}

TEST_CASE("no two prefixes share a key and a parser takes only its own") {
  const std::vector<std::string> all = {keys::commit_number().str(),
                                        keys::format_version().str(),
                                        keys::secret("x"),
                                        keys::next_id("x"),
                                        keys::world(1).str(),
                                        keys::queue(1).str(),
                                        keys::queue_state(1).str(),
                                        keys::message({1, 1, 0, 1}).str(),
                                        keys::lease({1, 1, 0, 1}).str(),
                                        keys::due({1, 1, 1, 1}).str(),
                                        keys::bus(1).str(),
                                        keys::rule({1, 1}).str(),
                                        keys::target(1, 1, "x"),
                                        keys::event({1, 1, 1}).str(),
                                        keys::event_segment({1, 1}).str(),
                                        keys::archive(1).str(),
                                        keys::replay({1, true}).str(),
                                        keys::fan_out_task(1).str(),
                                        keys::terminal_step({1, 1}).str(),
                                        keys::deduplication({1, 1, 1, {}}).str(),
                                        keys::move_task({1, 1}).str(),
                                        keys::delivery({1, 1}).str(),
                                        keys::delivery_due({1, 1, 1}).str(),
                                        keys::schedule_group(1).str(),
                                        keys::schedule(1, "x"),
                                        keys::schedule_due(1, 1, "x"),
                                        keys::connection(1).str(),
                                        keys::api_destination(1).str(),
                                        keys::schema_registry(1).str(),
                                        keys::schema({1, 1}).str(),
                                        keys::schema_content({1, 1}).str(),
                                        keys::discoverer(1).str(),
                                        keys::iam_role(1).str(),
                                        keys::iam_policy(1).str()};
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(contains(keys::all(), all[i]));
    for (std::size_t j = 0; j < i; ++j) REQUIRE(all[i][1] != all[j][1]);
    const int parsers_that_take_it =
        keys::parse_secret(all[i]).has_value() + keys::parse_next_id(all[i]).has_value() +
        keys::parse_world(all[i]).has_value() + keys::parse_queue(all[i]).has_value() +
        keys::parse_queue_state(all[i]).has_value() + keys::parse_message(all[i]).has_value() +
        keys::parse_lease(all[i]).has_value() + keys::parse_due(all[i]).has_value() +
        keys::parse_bus(all[i]).has_value() + keys::parse_rule(all[i]).has_value() +
        keys::parse_target(all[i]).has_value() + keys::parse_event(all[i]).has_value() +
        keys::parse_event_segment(all[i]).has_value() + keys::parse_archive(all[i]).has_value() +
        keys::parse_replay(all[i]).has_value() + keys::parse_fan_out_task(all[i]).has_value() +
        keys::parse_terminal_step(all[i]).has_value() +
        keys::parse_deduplication(all[i]).has_value() + keys::parse_move_task(all[i]).has_value() +
        keys::parse_delivery(all[i]).has_value() + keys::parse_delivery_due(all[i]).has_value() +
        keys::parse_schedule_group(all[i]).has_value() + keys::parse_schedule(all[i]).has_value() +
        keys::parse_schedule_due(all[i]).has_value() + keys::parse_connection(all[i]).has_value() +
        keys::parse_api_destination(all[i]).has_value() +
        keys::parse_schema_registry(all[i]).has_value() + keys::parse_schema(all[i]).has_value() +
        keys::parse_schema_content(all[i]).has_value() +
        keys::parse_discoverer(all[i]).has_value() + keys::parse_iam_role(all[i]).has_value() +
        keys::parse_iam_policy(all[i]).has_value();
    REQUIRE(parsers_that_take_it == (i < 2 ? 0 : 1));
  }
}

TEST_CASE("ranges of a queue hold its messages and no other's") {
  for (const auto& range_of : message_places()) {
    if (range_of.sequence != 256) continue;
    const auto queue = keys::messages_of_queue(range_of.queue_id);
    const auto generation = keys::messages_of_generation(range_of.queue_id, range_of.generation);
    const auto from = keys::messages_from(range_of);
    const auto before = keys::messages_before(range_of);
    const auto leases = keys::leases_of_queue(range_of.queue_id);
    const auto leases_of_generation =
        keys::leases_of_generation(range_of.queue_id, range_of.generation);
    bool right = true;
    for (const auto& place : message_places()) {
      const auto key = keys::message(place);
      const bool same_queue = place.queue_id == range_of.queue_id;
      const bool same_generation = same_queue && place.generation == range_of.generation;
      const bool same_lane = same_generation && place.lane == range_of.lane;
      right = right && contains(queue, key) == same_queue;
      right = right && contains(generation, key) == same_generation;
      right = right && contains(from, key) == (same_lane && place.sequence >= range_of.sequence);
      right = right && contains(before, key) == (same_lane && place.sequence < range_of.sequence);
      right = right && contains(leases, keys::lease(place)) == same_queue;
      right = right && contains(leases_of_generation, keys::lease(place)) == same_generation;
    }
    REQUIRE(right);
  }
}

TEST_CASE("due entries between two times are found by time alone") {
  const auto range = keys::due_between(-1, 255);
  REQUIRE(contains(range, keys::due({-1, 0, 0, 0})));
  REQUIRE(contains(range, keys::due({254, ~0ULL, ~0U, ~0ULL})));
  REQUIRE_FALSE(contains(range, keys::due({255, 0, 0, 0})));
  REQUIRE_FALSE(contains(range, keys::due({-2, ~0ULL, ~0U, ~0ULL})));
  const auto from = keys::due_from({100, 2, 3, 4});
  REQUIRE_FALSE(contains(from, keys::due({100, 2, 3, 3})));
  REQUIRE(contains(from, keys::due({100, 2, 3, 4})));
  REQUIRE(contains(from, keys::due({std::numeric_limits<std::int64_t>::max(), ~0ULL, ~0U, ~0ULL})));
}

TEST_CASE("ranges of a bus hold its rules, targets, events and segments and no other's") {
  for (const auto bus : u64_values) {
    for (const auto other : u64_values) {
      for (const auto n : u64_values) {
        const bool same = bus == other;
        REQUIRE(contains(keys::rules_of_bus(bus), keys::rule({other, n})) == same);
        REQUIRE(contains(keys::targets_of_bus(bus), keys::target(other, n, "\xff")) == same);
        REQUIRE(contains(keys::events_of_bus(bus), keys::event({other, n, n})) == same);
        REQUIRE(contains(keys::segments_of_bus(bus), keys::event_segment({other, n})) == same);
        REQUIRE(contains(keys::targets_of_rule({n, bus}), keys::target(n, other, "x")) == same);
        REQUIRE(contains(keys::events_of_segment({n, bus}), keys::event({n, other, n})) == same);
        REQUIRE(contains(keys::events_from({n, 256, bus}), keys::event({n, 256, other})) ==
                (other >= bus));
        REQUIRE(contains(keys::segments_before({n, bus}), keys::event_segment({n, other})) ==
                (other < bus));
      }
    }
  }
  REQUIRE(contains(keys::events_between({1, 2, 3}, 9), keys::event({1, 2, 3})));
  REQUIRE(contains(keys::events_between({1, 2, 3}, 9), keys::event({1, 2, 8})));
  REQUIRE_FALSE(contains(keys::events_between({1, 2, 3}, 9), keys::event({1, 2, 9})));
  REQUIRE_FALSE(contains(keys::events_between({1, 2, 3}, 9), keys::event({1, 2, 2})));
  REQUIRE(contains(keys::events_from({1, 2, 3}), keys::event({1, 3, 0})));
  REQUIRE_FALSE(contains(keys::events_from({1, 2, 3}), keys::event({2, 2, 3})));
}

TEST_CASE("terminal steps before a time are found by time alone") {
  const auto range = keys::terminal_steps_before(100);
  REQUIRE(contains(range, keys::terminal_step({99, ~0ULL})));
  REQUIRE(contains(range, keys::terminal_step({-5, 0})));
  REQUIRE_FALSE(contains(range, keys::terminal_step({100, 0})));
}

TEST_CASE("integers as values decode only at their own length") {
  for (const auto number : u64_values) {
    REQUIRE(keys::decode_u64(keys::encode_u64(number)) == number);
  }
  for (const auto number : u32_values) {
    REQUIRE(keys::decode_u32(keys::encode_u32(number)) == number);
  }
  REQUIRE_FALSE(keys::decode_u64(keys::encode_u32(1)));
  REQUIRE_FALSE(keys::decode_u32(""));
}
