// Rate, cron and one-time expressions: what is one, and when it comes up.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "broker/events_envelope.h"
#include "broker/schedules/expression.h"
#include "tests/broker/zone_fixture.h"

namespace signalbox::broker {

using test::time_at;
using test::zone_named;

namespace {

// The next times of an expression, as the service prints times.
std::vector<std::string> times(std::string_view expression, std::string_view after,
                               std::size_t count, const TimeZone& zone = TimeZone::utc(),
                               std::string_view anchor = "1970-01-01T00:00:00Z") {
  const auto parsed = ScheduleExpression::parse(expression);
  REQUIRE(parsed);
  std::vector<std::string> found;
  Time at = time_at(after);
  while (found.size() < count) {
    const auto next = parsed->next(at, time_at(anchor), zone);
    if (!next) break;
    REQUIRE(*next > at);
    found.push_back(*format_event_time(to_ms(*next)));
    at = *next;
  }
  return found;
}

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("schedule expressions the service takes are taken", "[schedules]") {
  for (const auto* text : {"rate(1 minute)",
                           "rate(5 minutes)",
                           "rate(1 hour)",
                           "rate(2 hours)",
                           "rate(1 day)",
                           "rate(10 days)",
                           "cron(0 12 * * ? *)",
                           "cron(0/15 * * * ? *)",
                           "cron(0 18 ? * MON-FRI *)",
                           "cron(0 8 1 * ? *)",
                           "cron(0/5 8-17 ? * MON-FRI *)",
                           "cron(15 10 ? * 6L 2002-2005)",
                           "cron(0 20-2 * * ? *)",
                           "cron(0 9 ? * 2#1 *)",
                           "cron(0 0 L * ? *)",
                           "cron(0 0 LW * ? *)",
                           "cron(0 0 15W * ? *)",
                           "cron(0 0 1,15 JAN,JUL ? 2022)",
                           "cron(0 0 ? * SUN *)",
                           "cron(0,30 7 ? * * *)",
                           "cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)",
                           "cron(1-31/30 1-1 ? * 1,7 *)",
                           "cron(0 12 L-3 * ? *)",
                           "cron(0 12 ? * FRIL *)",
                           "at(2030-01-31T23:59:59)",
                           "at(2028-02-29T00:00:00)"}) {
    INFO(text);
    CHECK(ScheduleExpression::parse(text));
  }
}

TEST_CASE("schedule expressions the service refuses are refused", "[schedules]") {
  for (const auto* text : {"",
                           "NOT",
                           "rate",
                           "rate()",
                           "rate(5)",
                           "rate(0 minutes)",
                           "rate(1 minutes)",
                           "rate(5 minute)",
                           "rate(-1 minutes)",
                           "rate(5 seconds)",
                           "rate(5 minutes",
                           "rate( 5 minutes)",
                           "rate(1.5 hours)",
                           "cron(0 1 * * * *)",
                           "cron(71 12 * * ? *)",
                           "cron(0 12 * * ?)",
                           "cron(0 12 ? * ? *)",
                           "cron(7 20 * * 1-7 *)",
                           "cron(0 24 * * ? *)",
                           "cron(0 12 32 * ? *)",
                           "cron(0 12 * 13 ? *)",
                           "cron(0 12 ? * 8 *)",
                           "cron(0 12 * * ? 1969)",
                           "cron(0 9 ? * 2#1,3#2 *)",
                           "cron(0 9 ? * 2#6 *)",
                           "cron(0/0 9 ? * * *)",
                           "cron(0 L * * ? *)",
                           "cron(0 12 * * ? *) ",
                           "cron(- 12 * * ? *)",
                           "cron(, 12 * * ? *)",
                           "cron(1/2/3 12 * * ? *)",
                           "cron(0 12 * * ? * *)",
                           "cron(1, 12 * * ? *)",
                           "cron(0 12 ? * 3W *)",
                           "cron(0 12 2#1 * ? *)",
                           "rate(+5 minutes)",
                           "rate(99999999999999999999 days)",
                           "at(2030-02-29T00:00:00)",
                           "at(2030-01-31)",
                           "at(2030-01-31T23:59:59Z)",
                           "at(2030-01-31T24:00:00)",
                           "at(2030-13-01T00:00:00)",
                           "at(2030-01-31 23:59:59)",
                           "at()",
                           "(5 minutes)"}) {
    INFO(text);
    CHECK_FALSE(ScheduleExpression::parse(text));
    const bool is_of_scheduler =
        std::string_view(text) == "rate(1 minutes)" || std::string_view(text) == "rate(5 minute)";
    CHECK(ScheduleExpression::parse(text, ScheduleExpression::Units::either).has_value() ==
          is_of_scheduler);
  }
}

TEST_CASE("a rate counts from its anchor, and a time of its own is not after itself",
          "[schedules]") {
  const auto anchor = "2026-01-02T03:04:05Z";
  CHECK(times("rate(5 minutes)", anchor, 2, TimeZone::utc(), anchor) ==
        Times{"2026-01-02T03:09:05Z", "2026-01-02T03:14:05Z"});
  CHECK(times("rate(5 minutes)", "2026-01-02T03:03:05Z", 1, TimeZone::utc(), anchor) ==
        Times{"2026-01-02T03:04:05Z"});
  CHECK(times("rate(2 hours)", "2026-01-09T00:00:00Z", 1, TimeZone::utc(), anchor) ==
        Times{"2026-01-09T01:04:05Z"});
  CHECK(times("rate(1 day)", "2026-01-09T00:00:00Z", 1, TimeZone::utc(), anchor) ==
        Times{"2026-01-09T03:04:05Z"});
}

TEST_CASE("cron fields mean what the service documents", "[schedules]") {
  const auto from = "2026-01-01T00:00:00Z";  // a Thursday
  CHECK(times("cron(0 10 * * ? *)", from, 2) ==
        Times{"2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"});
  CHECK(times("cron(0/20 8 ? * MON-FRI *)", from, 4) ==
        Times{"2026-01-01T08:00:00Z", "2026-01-01T08:20:00Z", "2026-01-01T08:40:00Z",
              "2026-01-02T08:00:00Z"});
  // 1 is Sunday.
  CHECK(times("cron(0 0 ? * 1 *)", from, 1) == Times{"2026-01-04T00:00:00Z"});
  CHECK(times("cron(0 0 ? * SUN *)", from, 1) == Times{"2026-01-04T00:00:00Z"});
  // Around the end of the day, of the week and of the year.
  CHECK(times("cron(0 22-1 * * ? *)", from, 4) ==
        Times{"2026-01-01T01:00:00Z", "2026-01-01T22:00:00Z", "2026-01-01T23:00:00Z",
              "2026-01-02T00:00:00Z"});
  CHECK(times("cron(0 0 ? * SAT-MON *)", from, 4) ==
        Times{"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z",
              "2026-01-10T00:00:00Z"});
  CHECK(times("cron(0 0 1 NOV-FEB ? *)", from, 3) ==
        Times{"2026-02-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"});
  // Last days, nearest weekdays, weeks of a month.
  CHECK(times("cron(0 0 L * ? *)", from, 3) ==
        Times{"2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"});
  CHECK(times("cron(0 0 L-2 * ? *)", from, 2) ==
        Times{"2026-01-29T00:00:00Z", "2026-02-26T00:00:00Z"});
  CHECK(times("cron(0 0 LW * ? *)", from, 2) ==
        Times{"2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"});
  CHECK(times("cron(0 0 1W * ? *)", "2026-01-02T00:00:00Z", 3) ==
        Times{"2026-02-02T00:00:00Z", "2026-03-02T00:00:00Z", "2026-04-01T00:00:00Z"});
  CHECK(times("cron(0 0 31W 5,8 ? *)", from, 2) ==
        Times{"2026-05-29T00:00:00Z", "2026-08-31T00:00:00Z"});
  CHECK(times("cron(0 0 ? * 6L *)", from, 2) ==
        Times{"2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"});
  CHECK(times("cron(0 0 ? * 3#2 *)", from, 2) ==
        Times{"2026-01-13T00:00:00Z", "2026-02-10T00:00:00Z"});
  CHECK(times("cron(0 0 ? * 6#5 *)", from, 2) ==
        Times{"2026-01-30T00:00:00Z", "2026-05-29T00:00:00Z"});
  CHECK(times("cron(0 0 ? * L *)", from, 2) ==
        Times{"2026-01-03T00:00:00Z", "2026-01-10T00:00:00Z"});
  // Leap days, past years, dates that never come.
  CHECK(times("cron(0 0 29 2 ? *)", from, 2) ==
        Times{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"});
  CHECK(times("cron(0 0 1 1 ? 2199)", from, 2) == Times{"2199-01-01T00:00:00Z"});
  CHECK(times("cron(15 10 ? * 6L 2002-2005)", from, 1).empty());
  CHECK(times("cron(0 0 30 2 ? *)", from, 1).empty());
}

TEST_CASE("one time is one time, in its zone", "[schedules]") {
  CHECK(times("at(2026-07-01T12:00:00)", "2026-01-01T00:00:00Z", 2) ==
        Times{"2026-07-01T12:00:00Z"});
  CHECK(times("at(2026-07-01T12:00:00)", "2026-01-01T00:00:00Z", 2, zone_named("Europe/Berlin")) ==
        Times{"2026-07-01T10:00:00Z"});
  CHECK(times("at(2026-07-01T12:00:00)", "2026-07-01T12:00:00Z", 1).empty());
  // A time that clocks jump over is an hour later on them, as before the jump.
  CHECK(times("at(2026-03-08T02:30:00)", "2026-01-01T00:00:00Z", 1,
              zone_named("America/New_York")) == Times{"2026-03-08T07:30:00Z"});
  // Of a time that comes twice, the first.
  CHECK(times("at(2026-11-01T01:30:00)", "2026-01-01T00:00:00Z", 1,
              zone_named("America/New_York")) == Times{"2026-11-01T05:30:00Z"});
}

TEST_CASE("cron follows the clocks of its zone", "[schedules]") {
  const auto new_york = zone_named("America/New_York");
  // Nine o'clock stays nine o'clock.
  CHECK(times("cron(0 9 * * ? *)", "2026-03-07T00:00:00Z", 3, new_york) ==
        Times{"2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z", "2026-03-09T13:00:00Z"});
  // Half past two does not exist on the day on which clocks go forward: it is left out.
  CHECK(times("cron(30 2 * * ? *)", "2026-03-07T00:00:00Z", 3, new_york) ==
        Times{"2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"});
  // Half past one comes twice on the day on which they go back: it counts once.
  CHECK(times("cron(30 1 * * ? *)", "2026-10-31T12:00:00Z", 2, new_york) ==
        Times{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"});
  // Also for one that begins during the second hour.
  CHECK(times("cron(0/30 * * * ? *)", "2026-11-01T06:10:00Z", 2, new_york) ==
        Times{"2026-11-01T07:00:00Z", "2026-11-01T07:30:00Z"});
  // An hour of a rate is an hour.
  CHECK(times("rate(1 day)", "2026-03-08T00:00:00Z", 2, new_york, "2026-03-07T14:00:00Z") ==
        Times{"2026-03-08T14:00:00Z", "2026-03-09T14:00:00Z"});
}

namespace {

// Whether a value is among those of a part, by trying all values in the order of the clock.
bool naive_part(std::string_view part, unsigned value, unsigned min, unsigned max) {
  const auto number = [](std::string_view text) {
    return static_cast<unsigned>(std::stoul(std::string(text)));
  };
  const auto slash = part.find('/');
  const unsigned step = slash == part.npos ? 1 : number(part.substr(slash + 1));
  const auto range = part.substr(0, slash);
  unsigned from = min, to = max;
  if (range != "*") {
    const auto dash = range.find('-');
    from = number(range.substr(0, dash));
    if (dash != range.npos) {
      to = number(range.substr(dash + 1));
    } else if (slash == part.npos) {
      to = from;
    }
  }
  for (unsigned at = from, steps = 0;; at = at == max ? min : at + 1, ++steps) {
    if (at == value && steps % step == 0) return true;
    if (at == to) return false;
  }
}

bool naive_field(std::string_view field, unsigned value, unsigned min, unsigned max) {
  while (true) {
    const auto comma = field.find(',');
    if (naive_part(field.substr(0, comma), value, min, max)) return true;
    if (comma == field.npos) return false;
    field.remove_prefix(comma + 1);
  }
}

struct CronText {
  std::string minutes, hours, day, month, week_day, year;
  std::string text() const {
    return fmt::format("cron({} {} {} {} {} {})", minutes, hours, day, month, week_day, year);
  }
  bool matches(Time time) const {
    using namespace std::chrono;
    const auto midnight = floor<days>(time);
    const year_month_day date(midnight);
    const auto minute = static_cast<unsigned>(floor<std::chrono::minutes>(time - midnight).count());
    const bool day_fits = day == "?"
                              ? naive_field(week_day, weekday(midnight).c_encoding() + 1, 1, 7)
                              : naive_field(day, unsigned(date.day()), 1, 31);
    return day_fits && naive_field(minutes, minute % 60, 0, 59) &&
           naive_field(hours, minute / 60, 0, 23) &&
           naive_field(month, unsigned(date.month()), 1, 12) &&
           naive_field(year, static_cast<unsigned>(int(date.year())), 1970, 2199);
  }
};

}  // namespace

TEST_CASE("the next time of any cron is what going minute by minute finds", "[schedules]") {
  SeededIds random(7);
  const auto below = [&](unsigned limit) {
    return static_cast<unsigned>(random.random_bits() % limit);
  };
  const auto part = [&](unsigned min, unsigned max) {
    const auto any = [&] { return min + below(max - min + 1); };
    switch (below(5)) {
      case 0: return std::string("*");
      case 1: return fmt::format("{}-{}", any(), any());
      case 2: return fmt::format("{}/{}", any(), 1 + below(max - min + 3));
      case 3: return fmt::format("{}-{}/{}", any(), any(), 1 + below(9));
      default: return fmt::format("{}", any());
    }
  };
  const auto field = [&](unsigned min, unsigned max) {
    std::string text = part(min, max);
    while (below(3) == 0) text += "," + part(min, max);
    return text;
  };
  for (int round = 0; round < 400; ++round) {
    const bool by_week = below(2) == 0;
    const CronText cron{field(0, 59),
                        field(0, 23),
                        by_week ? "?" : field(1, 31),
                        field(1, 12),
                        by_week ? field(1, 7) : "?",
                        below(4) == 0 ? field(1970, 2199) : "*"};
    INFO(cron.text());
    const auto parsed = ScheduleExpression::parse(cron.text());
    REQUIRE(parsed);
    const Time start = time_at("2026-02-25T21:50:30Z") + std::chrono::minutes(below(600'000));
    const auto next = parsed->next(start, {}, TimeZone::utc());
    // Far enough to pass the end of a month, seldom to the match itself.
    Time until = start + std::chrono::days(40);
    if (next) until = std::min(until, *next);
    auto minute = std::chrono::floor<std::chrono::minutes>(start) + std::chrono::minutes(1);
    while (minute < until && !cron.matches(minute)) minute += std::chrono::minutes(1);
    CHECK(minute == std::chrono::ceil<std::chrono::minutes>(until));
    if (next && until == *next) CHECK(cron.matches(*next));
  }
}

}  // namespace signalbox::broker
