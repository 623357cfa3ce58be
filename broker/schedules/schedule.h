// A schedule of the Scheduler service, and the stored forms of it and its group. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/scheduler.h"
#include "broker/clock.h"
#include "broker/schedules/schedule_state.h"

namespace signalbox::broker {

// A schedule's record. Times are the system clock's.
struct Schedule {
  api::scheduler::ScheduleRequest config;  // as the client put it
  std::string client_token;                // of its creation
  std::uint64_t lane_id = 0;               // of its deliveries, when they are no messages in queues
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  std::int64_t anchor_ms = 0;                // a rate counts from it
  std::optional<std::int64_t> scheduled_ms;  // the next time of its expression; nothing: no more
  std::int64_t due_ms = 0;                   // when it is invoked for that: later in its window

  bool is_enabled() const { return config.state.value_or("ENABLED") == "ENABLED"; }
  const std::string& zone_name() const;
  Duration window() const;
};

std::string encode_group(const ScheduleGroup& group);
// The world is the caller's to look up.
bool decode_group(std::string_view bytes, ScheduleGroup& group, std::uint32_t& world_id);
std::string encode_schedule(const Schedule& schedule);
bool decode_schedule(std::string_view bytes, Schedule& schedule);

}  // namespace signalbox::broker
