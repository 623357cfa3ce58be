// InvocationRateLimitPerSecond: how many requests may be made now, and when the next. They are
// spread over the second. Plain values.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "broker/clock.h"

namespace signalbox::broker {

class Pacer {
 public:
  // Of at most `wanted` requests.
  std::size_t allowed(std::int64_t per_second, std::size_t wanted, Time now) const {
    const auto step = interval(per_second);
    const std::chrono::nanoseconds start = next_start(now);
    if (step.count() == 0) return wanted;
    if (start > now.time_since_epoch()) return 0;
    const auto behind = now.time_since_epoch() - start;
    return std::min(wanted, 1 + static_cast<std::size_t>(behind / step));
  }
  void take(std::int64_t per_second, Time now) { next_ = next_start(now) + interval(per_second); }
  // Rounded up: nothing is allowed before, something is from then on.
  Time next(Time now) const {
    return Time(std::chrono::ceil<Duration>(
        std::max(next_, std::chrono::nanoseconds(now.time_since_epoch()))));
  }
  static std::chrono::nanoseconds interval(std::int64_t per_second) {
    return std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second;
  }

 private:
  // Timers fire a little late. What that costs is made up for, what nobody asked for is not: no
  // burst follows a pause.
  static constexpr std::chrono::milliseconds late_max{20};
  std::chrono::nanoseconds next_start(Time now) const {
    const std::chrono::nanoseconds at = now.time_since_epoch();
    return next_ + late_max < at ? at : next_;
  }

  std::chrono::nanoseconds next_{0};  // since the epoch of Time
};

}  // namespace signalbox::broker
