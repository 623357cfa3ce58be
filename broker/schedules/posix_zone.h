// The rule of a time zone for all years to come, as POSIX writes it: EST5EDT,M3.2.0,M11.1.0. The
// last line of a file of the IANA database. Pure values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace signalbox::broker {

class PosixZone {
 public:
  static std::optional<PosixZone> parse(std::string_view text);

  std::int64_t standard_offset_s() const { return standard_s_; }

  struct Change {
    std::int64_t at_s = 0;      // UTC
    std::int64_t offset_s = 0;  // from then on
  };
  // In order, those after that time and before 2200; none when the clock is never changed.
  std::vector<Change> changes_after(std::int64_t utc_s) const;

 private:
  // When in a year the clock is changed, by the clock that is changed.
  struct Date {
    enum class Kind : std::uint8_t {
      without_leap_day,  // Jn: 1 to 365, the 29th of February never counted
      of_year,           // n: 0 to 365
      of_week            // Mm.w.d: the wth (5: last) such day of the week of the month
    } kind = Kind::of_year;
    unsigned day = 0, month = 0, week = 0;
    std::int64_t time_s = 2 * 3600;

    std::int64_t local_s(int year) const;
  };
  class Reader;

  std::int64_t standard_s_ = 0;
  std::int64_t summer_s_ = 0;
  bool has_summer_ = false;
  Date summer_begins_, summer_ends_;
};

}  // namespace signalbox::broker
