// Cron expressions as the service has them: minutes hours day-of-month month day-of-week year, each
// of , - * / and ? L W # where the field takes it, 1 = Sunday. Pure values, any thread.
//
// Evaluated in local time, whatever zone that is of: time_zone.h makes it a moment.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace signalbox::broker {

// What a clock on the wall shows.
using LocalTime = std::chrono::local_seconds;

class Cron {
 public:
  // The text between the parentheses of cron(...).
  static std::optional<Cron> parse(std::string_view text);

  // The first whole minute after that time that matches; nothing when none does before 2200.
  std::optional<LocalTime> next(LocalTime after) const;

 private:
  static constexpr std::size_t values_max = 230;  // of the years
  using Values = std::bitset<values_max>;         // from the field's least value on

  // A day that has no number of its own.
  struct DayRule {
    enum class Kind : std::uint8_t {
      before_last,      // L, L-n: n days before the month's last
      nearest_weekday,  // nW: the day from Monday to Friday nearest to the nth
      last_weekday,     // LW: the last day from Monday to Friday
      last_of_week,     // nL: the month's last such day of the week
      nth_of_week,      // n#k: its kth
    } kind;
    unsigned day = 0;
    unsigned nth = 0;
  };
  // A field as it was written.
  struct Field {
    bool any_day = false;  // ?
    Values values;
    std::vector<DayRule> rules;
  };
  struct FieldLimits;
  class FieldReader;

  // Which days of the month match, day 1 in bit 0.
  std::uint32_t days_of(std::chrono::year_month month) const;
  std::optional<std::chrono::minutes> time_from(std::chrono::minutes from) const;

  Field minutes_, hours_, days_of_month_, months_, days_of_week_, years_;
};

}  // namespace signalbox::broker
