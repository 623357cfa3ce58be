// From the system clock, which schedules go by, to the clock of deadlines.
#pragma once

#include <algorithm>

#include "broker/context.h"

namespace signalbox::broker {

// When to look whether the system clock shows that time. No later than in a minute, for the clock
// may have been set by then.
inline Time wall_deadline(Time wall, const Context& ctx) {
  constexpr std::chrono::minutes wait_max{1};
  return ctx.now + std::clamp<Duration>(wall - ctx.wall, Duration(0), wait_max);
}

}  // namespace signalbox::broker
