#include "broker/clock.h"

#include <time.h>

#include <algorithm>

namespace signalbox::broker {

namespace {

constexpr std::int64_t slew_ms_per_s_max = 5;

std::int64_t read_ms(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace

SystemClock::SystemClock()
    : start_wall_ms_(read_ms(CLOCK_REALTIME)),
      start_boot_ms_(read_ms(CLOCK_BOOTTIME)),
      slewed_at_ms_(start_boot_ms_) {}

Time SystemClock::now() const {
  const std::int64_t boot_ms = read_ms(CLOCK_BOOTTIME);
  std::int64_t slewed_at = slewed_at_ms_.load(std::memory_order_relaxed);
  // Once a second one caller moves the slew a step toward the system clock.
  if (boot_ms - slewed_at >= 1000 && slewed_at_ms_.compare_exchange_strong(slewed_at, boot_ms)) {
    const std::int64_t seconds = (boot_ms - slewed_at) / 1000;
    const std::int64_t mine_ms = start_wall_ms_ + (boot_ms - start_boot_ms_) + slew_ms_.load();
    const std::int64_t gap_ms = read_ms(CLOCK_REALTIME) - mine_ms;
    const std::int64_t step_ms_max = slew_ms_per_s_max * seconds;
    slew_ms_.fetch_add(std::clamp(gap_ms, -step_ms_max, step_ms_max));
  }
  const std::int64_t ms = start_wall_ms_ + (boot_ms - start_boot_ms_) + slew_ms_.load();
  // A negative slew step must not be seen as time running backward.
  std::int64_t latest = latest_ms_.load(std::memory_order_relaxed);
  while (latest < ms && !latest_ms_.compare_exchange_weak(latest, ms)) {
  }
  return from_ms(std::max(latest, ms));
}

Time SystemClock::wall() const { return from_ms(read_ms(CLOCK_REALTIME)); }

}  // namespace signalbox::broker
