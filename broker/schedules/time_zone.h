// A time zone: which offset from UTC holds when. Immutable; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/clock.h"
#include "broker/schedules/cron.h"

namespace signalbox::broker {

class TimeZone {
 public:
  static TimeZone utc() { return {}; }
  // The contents of a file of the IANA database (RFC 8536), version 2 or later.
  static std::optional<TimeZone> parse(std::string_view tzif);

  LocalTime to_local(Time time) const;
  // When the clock on the wall shows that: the first time if it does so twice, never if the clock
  // was set forward over it.
  std::optional<Time> to_time(LocalTime local) const;
  // The same, but a time that was jumped over counts from before the jump: half past two is half
  // past three.
  Time to_time_past_gap(LocalTime local) const;

 private:
  struct Transition {
    std::int64_t at_s = 0;      // UTC
    std::int64_t offset_s = 0;  // from then on
  };

  std::int64_t offset_at(std::int64_t utc_s) const;

  std::int64_t first_offset_s_ = 0;
  std::vector<Transition> transitions_;  // in order
};

}  // namespace signalbox::broker
