// Schedule groups, and when schedules come up, as the core keeps them in memory. Core thread only.
//
// A group is in memory; its schedules are on disk alone, one record each, and an index of when they
// come up, of which memory holds the next few: a million schedules cost as much as a few thousand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "broker/due_horizon.h"
#include "broker/world.h"

namespace signalbox::broker {

constexpr std::string_view default_group_name = "default";

struct ScheduleGroup {
  std::uint64_t id = 0;
  World* world = nullptr;
  std::string name;
  std::string client_token;
  std::map<std::string, std::string> tags;
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  bool stored = false;  // the default group is not, until something depends on its id

  std::string arn() const { return world->arn("scheduler", "schedule-group/" + name); }
  std::string arn_of(std::string_view schedule) const {
    return world->arn("scheduler", "schedule/" + name + "/" + std::string(schedule));
  }
};

// An entry of the index, ordered as its key is.
struct ScheduleDue {
  std::int64_t due_ms = 0;
  std::uint64_t group_id = 0;
  std::string name;

  auto order() const { return std::tie(due_ms, group_id, name); }
  bool operator<(const ScheduleDue& other) const { return order() < other.order(); }
  ScheduleDue next() const { return {due_ms, group_id, name + '\0'}; }
};

// Since start.
struct ScheduleCounters {
  std::uint64_t invocations = 0;
  std::uint64_t failures = 0;  // of invocations that could not be made at once
};

struct ScheduleState {
  explicit ScheduleState(std::size_t horizon_count) : due(horizon_count) {}

  std::unordered_map<std::uint64_t, std::unique_ptr<ScheduleGroup>> groups;
  DueHorizon<ScheduleDue> due;
  ScheduleCounters counters;
};

}  // namespace signalbox::broker
