#include "broker/schedules/posix_zone.h"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace signalbox::broker {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

// Takes parts off the front of the text; every function is nothing, or false, for what is none.
class PosixZone::Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool at(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_name() {
    const auto before = rest_.size();
    if (take('<')) {
      while (!rest_.empty() && !at('>')) rest_.remove_prefix(1);
      return take('>');
    }
    while (!rest_.empty() && is_letter(rest_.front())) rest_.remove_prefix(1);
    return before - rest_.size() >= 3;
  }

  std::optional<unsigned> take_number() {
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    unsigned value = 0;
    for (int digits = 0; digits < 4 && !rest_.empty() && is_digit(rest_.front()); ++digits) {
      value = value * 10 + static_cast<unsigned>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  // [+-]hh[:mm[:ss]]
  std::optional<std::int64_t> take_time_s() {
    const std::int64_t sign = take('-') ? -1 : 1;
    if (sign == 1) take('+');
    std::int64_t total_s = 0;
    for (const std::int64_t unit_s : {3600, 60, 1}) {
      if (unit_s < 3600 && !take(':')) break;
      const auto number = take_number();
      if (!number) return std::nullopt;
      total_s += *number * unit_s;
    }
    return sign * total_s;
  }

  bool take_date(Date& date) {
    if (take('M')) {
      date.kind = Date::Kind::of_week;
      const auto month = take_number();
      const auto week = take('.') ? take_number() : std::nullopt;
      const auto day = take('.') ? take_number() : std::nullopt;
      const bool fine = month && *month >= 1 && *month <= 12 && week && *week >= 1 && *week <= 5 &&
                        day && *day <= 6;
      if (!fine) return false;
      std::tie(date.month, date.week, date.day) = std::tuple(*month, *week, *day);
    } else {
      date.kind = take('J') ? Date::Kind::without_leap_day : Date::Kind::of_year;
      const auto day = take_number();
      if (!day || *day > 365) return false;
      date.day = *day;
    }
    if (!take('/')) return true;
    const auto time_s = take_time_s();
    date.time_s = time_s.value_or(0);
    return time_s.has_value();
  }

 private:
  std::string_view rest_;
};

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
  Reader reader(text);
  PosixZone zone;
  if (!reader.take_name()) return std::nullopt;
  // POSIX counts what is added to the local time, not what the local time is ahead.
  const auto standard = reader.take_time_s();
  if (!standard) return std::nullopt;
  zone.standard_s_ = -*standard;
  if (reader.at_end()) return zone;
  if (!reader.take_name()) return std::nullopt;
  zone.has_summer_ = true;
  zone.summer_s_ = zone.standard_s_ + 3600;
  if (!reader.at(',')) {
    const auto summer = reader.take_time_s();
    if (!summer) return std::nullopt;
    zone.summer_s_ = -*summer;
  }
  const bool fine = reader.take(',') && reader.take_date(zone.summer_begins_) && reader.take(',') &&
                    reader.take_date(zone.summer_ends_) && reader.at_end();
  return fine ? std::optional(zone) : std::nullopt;
}

std::int64_t PosixZone::Date::local_s(int year) const {
  using namespace std::chrono;
  const auto first = sys_days(std::chrono::year(year) / 1 / 1);
  sys_days date = first;
  switch (kind) {
    case Kind::of_year: date = first + days(day); break;
    case Kind::without_leap_day: {
      const bool is_past_leap_day = std::chrono::year(year).is_leap() && day >= 60;
      date = first + days(is_past_leap_day ? day : day - 1);
      break;
    }
    case Kind::of_week: {
      const auto of_month = std::chrono::year(year) / std::chrono::month(month);
      date = week == 5 ? sys_days(of_month / weekday(day)[last])
                       : sys_days(of_month / weekday(day)[week]);
      break;
    }
  }
  return duration_cast<seconds>(date.time_since_epoch()).count() + time_s;
}

std::vector<PosixZone::Change> PosixZone::changes_after(std::int64_t utc_s) const {
  using namespace std::chrono;
  std::vector<Change> changes;
  if (!has_summer_) return changes;
  constexpr int year_end = 2200;
  const auto day = floor<days>(sys_seconds(seconds(utc_s)));
  for (int year = int(year_month_day(day).year()) - 1; year < year_end; ++year) {
    changes.push_back({summer_begins_.local_s(year) - standard_s_, summer_s_});
    changes.push_back({summer_ends_.local_s(year) - summer_s_, standard_s_});
  }
  std::erase_if(changes, [&](const Change& change) { return change.at_s <= utc_s; });
  // Where one summer ends as the next begins, the clock stays on summer time.
  std::stable_sort(changes.begin(), changes.end(), [&](const Change& left, const Change& right) {
    return std::pair(left.at_s, left.offset_s == summer_s_) <
           std::pair(right.at_s, right.offset_s == summer_s_);
  });
  return changes;
}

}  // namespace signalbox::broker
