#include "broker/schedules/expression.h"

#include <array>
#include <charconv>

namespace signalbox::broker {

namespace {

using std::chrono::minutes;

// value unit: one minute, more minutes. Periods end where times have four digits for the year.
std::optional<Duration> parse_period(std::string_view text, ScheduleExpression::Units units) {
  constexpr std::int64_t years_8000_in_days = 8000LL * 366;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 1 || value > years_8000_in_days) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  using Unit = std::pair<std::string_view, Duration>;
  for (const auto& [name, duration] :
       {Unit{" minute", minutes(1)}, Unit{" hour", minutes(60)}, Unit{" day", minutes(1440)}}) {
    const bool is_one = unit == name;
    const bool is_many = unit.ends_with('s') && unit.substr(0, unit.size() - 1) == name;
    const bool fits = units == ScheduleExpression::Units::either ? is_one || is_many
                      : value == 1                               ? is_one
                                                                 : is_many;
    if (fits) return duration * value;
  }
  return std::nullopt;
}

// yyyy-mm-ddThh:mm:ss
std::optional<LocalTime> parse_local(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() != form.size()) return std::nullopt;
  std::array<int, 6> numbers{};
  std::size_t field = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '0') {
      if (text[i] != form[i]) return std::nullopt;
      ++field;
    } else if (text[i] >= '0' && text[i] <= '9') {
      numbers[field] = numbers[field] * 10 + (text[i] - '0');
    } else {
      return std::nullopt;
    }
  }
  const auto [year, month, day, hour, minute, second] = numbers;
  const auto date = std::chrono::year(year) / month / day;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::local_days(date) + std::chrono::hours(hour) + minutes(minute) +
         std::chrono::seconds(second);
}

Time next_of_period(Time after, Time anchor, Duration period) {
  if (after < anchor) return anchor;
  return anchor + ((after - anchor) / period + 1) * period;
}

std::optional<Time> next_of_cron(const Cron& cron, Time after, const TimeZone& zone) {
  LocalTime local = zone.to_local(after);
  while (const auto matching = cron.next(local)) {
    const auto time = zone.to_time(*matching);
    // Nothing: jumped over. Not after: this is the second time that the clock shows it.
    if (time && *time > after) return time;
    local = *matching;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ScheduleExpression> ScheduleExpression::parse(std::string_view text, Units units) {
  const auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
  const auto kind = text.substr(0, open);
  const auto inside = text.substr(open + 1, text.size() - open - 2);
  ScheduleExpression expression;
  if (kind == "rate") {
    const auto period = parse_period(inside, units);
    if (!period) return std::nullopt;
    expression.when_ = Rate{*period};
  } else if (kind == "cron") {
    auto cron = Cron::parse(inside);
    if (!cron) return std::nullopt;
    expression.when_ = *std::move(cron);
  } else if (kind == "at") {
    const auto local = parse_local(inside);
    if (!local) return std::nullopt;
    expression.when_ = OneTime{*local};
  } else {
    return std::nullopt;
  }
  return expression;
}

std::optional<Time> ScheduleExpression::next(Time after, Time anchor, const TimeZone& zone) const {
  if (const auto* rate = std::get_if<Rate>(&when_)) {
    return next_of_period(after, anchor, rate->period);
  }
  if (const auto* cron = std::get_if<Cron>(&when_)) return next_of_cron(*cron, after, zone);
  const Time time = zone.to_time_past_gap(std::get<OneTime>(when_).at);
  return time > after ? std::optional(time) : std::nullopt;
}

}  // namespace signalbox::broker
