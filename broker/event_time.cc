#include "broker/event_time.h"

#include <algorithm>

namespace signalbox::broker {

namespace {
constexpr std::int64_t year_1_ms = -62'135'596'800'000;
}

EventSecond event_second_of(std::int64_t time_ms) {
  if (time_ms < year_1_ms) return 0;
  return std::min((static_cast<EventSecond>(time_ms - year_1_ms)) / 1000,
                  event_seconds_past_last - 1);
}

std::int64_t time_ms_of(EventSecond second) {
  return static_cast<std::int64_t>(second) * 1000 + year_1_ms;
}

}  // namespace signalbox::broker
