// When a schedule comes up: rate(5 minutes), cron(0 12 * * ? *) or at(2030-01-31T23:59:59). Pure
// values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "broker/schedules/cron.h"
#include "broker/schedules/time_zone.h"

namespace signalbox::broker {

class ScheduleExpression {
 public:
  // A rate's unit has an s unless the value is one. The Scheduler takes either: its own examples
  // have rate(1 hours).
  enum class Units : std::uint8_t { agree, either };
  static std::optional<ScheduleExpression> parse(std::string_view text, Units units = Units::agree);

  bool is_rate() const { return std::holds_alternative<Rate>(when_); }
  bool is_one_time() const { return std::holds_alternative<OneTime>(when_); }

  // The first time after that one; nothing when there is none any more. A rate counts from anchor,
  // which is its first time. When clocks are changed, as the service documents: a cron time that is
  // jumped over is left out, one that comes twice counts once; an hour of a rate is an hour.
  std::optional<Time> next(Time after, Time anchor, const TimeZone& zone) const;

 private:
  struct Rate {
    Duration period;
  };
  struct OneTime {
    LocalTime at;
  };

  std::variant<Rate, Cron, OneTime> when_;
};

}  // namespace signalbox::broker
