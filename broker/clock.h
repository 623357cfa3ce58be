// Time comes in from outside, so that the whole broker runs under a virtual clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace signalbox::broker {

// Milliseconds since the Unix epoch.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

inline std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_ms(std::int64_t ms) { return Time(Duration(ms)); }

// Thread safe. Two readings, because a step of the system clock must free no message early:
class Clock {
 public:
  virtual ~Clock() = default;
  // For deadlines: the system clock at start plus CLOCK_BOOTTIME since, drawn slowly toward the
  // system clock. Never runs backward.
  virtual Time now() const = 0;
  // For what clients see: the system clock.
  virtual Time wall() const = 0;
};

class VirtualClock : public Clock {
 public:
  explicit VirtualClock(Time start) : ms_(to_ms(start)) {}
  Time now() const override { return from_ms(ms_.load(std::memory_order_relaxed)); }
  Time wall() const override { return now(); }
  void advance(Duration by) { ms_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> ms_;
};

// The real thing. now() follows CLOCK_BOOTTIME and closes a gap to the system clock at no more than
// 5 ms per second, so both clocks agree in the end and neither a step nor a suspend shortens a
// timeout.
class SystemClock : public Clock {
 public:
  SystemClock();
  Time now() const override;
  Time wall() const override;

 private:
  const std::int64_t start_wall_ms_;
  const std::int64_t start_boot_ms_;
  mutable std::atomic<std::int64_t> slew_ms_{0};
  mutable std::atomic<std::int64_t> slewed_at_ms_;
  mutable std::atomic<std::int64_t> latest_ms_{0};
};

}  // namespace signalbox::broker
