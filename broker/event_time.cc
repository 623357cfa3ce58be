#include "broker/event_time.h"

#include <algorithm>

namespace signalbox::broker {

namespace {
constexpr std::int64_t year_1_ms = -62'135'596'800'000;
constexpr std::int64_t year_10000_ms = 253'402'300'800'000;
static_assert((year_10000_ms - year_1_ms) / 1000 == event_seconds_past_last);
}  // namespace

EventSecond event_second_of(std::int64_t time_ms) {
  // Cut first: the difference of any two times would overflow.
  const std::int64_t within_ms = std::clamp(time_ms, year_1_ms, year_10000_ms - 1);
  return static_cast<EventSecond>(within_ms - year_1_ms) / 1000;
}

std::int64_t time_ms_of(EventSecond second) {
  return static_cast<std::int64_t>(second) * 1000 + year_1_ms;
}

}  // namespace signalbox::broker
