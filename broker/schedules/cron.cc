#include "broker/schedules/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace signalbox::broker {

namespace {

using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> day_names{"SUN", "MON", "TUE", "WED",
                                                    "THU", "FRI", "SAT"};

std::optional<unsigned> read_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes the text up to the separator off the front, and the separator.
std::string_view take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

unsigned last_day_of(year_month month) {
  return static_cast<unsigned>((month / std::chrono::last).day());
}

// 1 = Sunday, as cron expressions count.
unsigned day_of_week(year_month month, unsigned day) {
  return std::chrono::weekday(std::chrono::local_days(month / static_cast<int>(day))).c_encoding() +
         1;
}

bool is_weekend(unsigned day_of_week) { return day_of_week == 1 || day_of_week == 7; }

// The nearest from Monday to Friday in the same month; 0: the month has no such day.
unsigned nearest_weekday(year_month month, unsigned day) {
  const unsigned last = last_day_of(month);
  if (day > last) return 0;
  const unsigned week_day = day_of_week(month, day);
  if (week_day == 7) return day == 1 ? 3 : day - 1;
  if (week_day == 1) return day == last ? day - 2 : day + 1;
  return day;
}

unsigned last_weekday(year_month month) {
  unsigned day = last_day_of(month);
  while (is_weekend(day_of_week(month, day))) --day;
  return day;
}

}  // namespace

struct Cron::FieldLimits {
  unsigned min;
  unsigned max;
  std::span<const std::string_view> names = {};  // names[i] means min + i
  std::string_view special = {};                 // of ? L W #

  bool allows(char c) const { return special.find(c) != std::string_view::npos; }
};

// Reads one field; every function is false for what the field does not take.
class Cron::FieldReader {
 public:
  FieldReader(const FieldLimits& limits, Field& field) : limits_(limits), field_(field) {}

  bool read(std::string_view text) {
    if (text == "?") return field_.any_day = limits_.allows('?');
    const bool is_list = text.find(',') != std::string_view::npos;
    if (text.empty() || text.back() == ',') return false;
    while (!text.empty()) {
      const auto part = take_until(text, ',');
      // Only one # expression may stand in a field.
      if (is_list && part.find('#') != std::string_view::npos) return false;
      if (!read_rule(part) && !read_values(part)) return false;
    }
    return true;
  }

 private:
  std::optional<unsigned> value_of(std::string_view text) const {
    const auto name = std::find(limits_.names.begin(), limits_.names.end(), text);
    if (name != limits_.names.end()) {
      return limits_.min + static_cast<unsigned>(name - limits_.names.begin());
    }
    const auto number = read_number(text);
    return number && *number >= limits_.min && *number <= limits_.max ? number : std::nullopt;
  }

  void set(unsigned value) { field_.values.set(value - limits_.min); }

  bool add(DayRule::Kind kind, std::optional<unsigned> day, std::optional<unsigned> nth = 0) {
    if (!day || !nth) return false;
    field_.rules.push_back({kind, *day, *nth});
    return true;
  }

  // L, L-3, LW, 15W of the days of a month; L, 6L, 3#2 of the days of the week.
  bool read_rule(std::string_view text) {
    using Kind = DayRule::Kind;
    if (limits_.allows('W')) {
      if (text == "L") return add(Kind::before_last, 0);
      if (text == "LW") return add(Kind::last_weekday, 0);
      if (text.starts_with("L-")) return add(Kind::before_last, value_of(text.substr(2)));
      return text.ends_with('W') &&
             add(Kind::nearest_weekday, value_of(text.substr(0, text.size() - 1)));
    }
    if (!limits_.allows('#')) return false;
    if (text == "L") return set(limits_.max), true;  // the week's last day, every week
    if (text.ends_with('L')) {
      return add(Kind::last_of_week, value_of(text.substr(0, text.size() - 1)));
    }
    const auto hash = text.find('#');
    if (hash == std::string_view::npos) return false;
    const auto nth = read_number(text.substr(hash + 1));
    return nth && *nth >= 1 && *nth <= 5 &&
           add(Kind::nth_of_week, value_of(text.substr(0, hash)), nth);
  }

  // *, 5, 1-5, and each of them with a step; 20-2 goes around the end.
  bool read_values(std::string_view text) {
    const bool has_step = text.find('/') != std::string_view::npos;
    const auto range = take_until(text, '/');
    const auto step = has_step ? read_number(text) : 1;
    if (!step || *step == 0) return false;
    unsigned first = limits_.min;
    unsigned last = limits_.max;
    if (range != "*") {
      const auto dash = range.find('-');
      const auto from = value_of(range.substr(0, dash));
      const auto to = dash == std::string_view::npos ? from : value_of(range.substr(dash + 1));
      if (!from || !to) return false;
      first = *from;
      last = has_step && dash == std::string_view::npos ? limits_.max : *to;
    }
    const unsigned size = limits_.max - limits_.min + 1;
    const unsigned count = last >= first ? last - first : size - first + last;
    for (std::uint64_t i = 0; i <= count; i += *step) {
      set(limits_.min + (first - limits_.min + static_cast<unsigned>(i)) % size);
    }
    return true;
  }

  const FieldLimits& limits_;
  Field& field_;
};

std::optional<Cron> Cron::parse(std::string_view text) {
  Cron cron;
  const std::pair<FieldLimits, Field*> fields[] = {
      {{0, 59}, &cron.minutes_},
      {{0, 23}, &cron.hours_},
      {{1, 31, {}, "?LW"}, &cron.days_of_month_},
      {{1, 12, month_names}, &cron.months_},
      {{1, 7, day_names, "?L#"}, &cron.days_of_week_},
      {{1970, 2199}, &cron.years_},
  };
  for (const auto& [limits, field] : fields) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (!FieldReader(limits, *field).read(take_until(text, ' '))) return std::nullopt;
  }
  if (text.find_first_not_of(' ') != std::string_view::npos) return std::nullopt;
  if (cron.days_of_month_.any_day == cron.days_of_week_.any_day) return std::nullopt;
  return cron;
}

std::uint32_t Cron::days_of(year_month month) const {
  const unsigned last = last_day_of(month);
  std::uint32_t days = 0;
  const auto add = [&](unsigned day) {
    if (day >= 1 && day <= last) days |= 1u << (day - 1);
  };
  for (unsigned day = 1; day <= last; ++day) {
    const bool matches = days_of_week_.any_day ? days_of_month_.values[day - 1]
                                               : days_of_week_.values[day_of_week(month, day) - 1];
    if (matches) add(day);
  }
  const unsigned first_week_day = day_of_week(month, 1);
  for (const auto& rule : days_of_week_.any_day ? days_of_month_.rules : days_of_week_.rules) {
    // The month's first of a day of the week.
    const unsigned first = 1 + (rule.day + 7 - first_week_day) % 7;
    switch (rule.kind) {
      case DayRule::Kind::before_last: add(last > rule.day ? last - rule.day : 0); break;
      case DayRule::Kind::nearest_weekday: add(nearest_weekday(month, rule.day)); break;
      case DayRule::Kind::last_weekday: add(last_weekday(month)); break;
      case DayRule::Kind::last_of_week: add(first + (last - first) / 7 * 7); break;
      case DayRule::Kind::nth_of_week: add(first + (rule.nth - 1) * 7); break;
    }
  }
  return days;
}

// The first matching time of a day, not before from.
std::optional<std::chrono::minutes> Cron::time_from(std::chrono::minutes from) const {
  constexpr std::size_t hours_per_day = 24;
  constexpr std::size_t minutes_per_hour = 60;
  auto minute = static_cast<std::size_t>(from.count()) % minutes_per_hour;
  for (auto hour = static_cast<std::size_t>(from.count()) / minutes_per_hour; hour < hours_per_day;
       ++hour, minute = 0) {
    if (!hours_.values[hour]) continue;
    for (; minute < minutes_per_hour; ++minute) {
      if (minutes_.values[minute]) return std::chrono::minutes(hour * minutes_per_hour + minute);
    }
  }
  return std::nullopt;
}

std::optional<LocalTime> Cron::next(LocalTime after) const {
  using namespace std::chrono;
  constexpr int year_min = 1970;
  constexpr int year_max = 2199;
  auto from = floor<minutes>(after) + minutes(1);
  from = std::max(from, local_time<minutes>(local_days(year(year_min) / 1 / 1)));
  const year_month_day first_date(floor<days>(from));
  for (year_month month = first_date.year() / first_date.month(); int(month.year()) <= year_max;
       month += months(1)) {
    const bool is_listed = years_.values[static_cast<std::size_t>(int(month.year()) - year_min)] &&
                           months_.values[unsigned(month.month()) - 1];
    std::uint32_t matching = is_listed ? days_of(month) : 0;
    for (unsigned day = 1; matching != 0; ++day, matching >>= 1) {
      if ((matching & 1) == 0) continue;
      const local_days date(month / static_cast<int>(day));
      if (date + days(1) <= from) continue;
      const auto time = time_from(from > date ? duration_cast<minutes>(from - date) : minutes(0));
      if (time) return date + *time;
    }
  }
  return std::nullopt;
}

}  // namespace signalbox::broker
