// A schedule that has come up, with what its invocation needs. Core thread only.
#pragma once

#include <memory>

#include "broker/schedules/schedule.h"
#include "broker/schedules/schedule_state.h"
#include "broker/schedules/time_zone.h"

namespace signalbox::broker {

struct Firing {
  ScheduleDue due;
  const ScheduleGroup* group = nullptr;
  std::unique_ptr<Schedule> schedule;    // null: the index is behind, it is not to be invoked
  std::shared_ptr<const TimeZone> zone;  // null: there is none of its name
};

}  // namespace signalbox::broker
