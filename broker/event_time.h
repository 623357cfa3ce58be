// When an event says it happened. Pure functions.
#pragma once

#include <cstdint>

namespace signalbox::broker {

// The `time` of an event in whole seconds since the start of the year 1: it has no fractions, and
// its year has four digits.
using EventSecond = std::uint64_t;
constexpr EventSecond event_seconds_past_last = 315'537'897'600;  // the year 10000
// Times outside the years of events are moved to the next that is not. Rounds down.
EventSecond event_second_of(std::int64_t time_ms);
std::int64_t time_ms_of(EventSecond second);

}  // namespace signalbox::broker
