// Time zones of the IANA database: offsets, gaps and overlaps, and the years past the files'
// tables.
#include "broker/schedules/time_zone.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "broker/schedules/posix_zone.h"
#include "tests/broker/zone_fixture.h"

namespace signalbox::broker {

using test::time_at;
using test::zone_file;
using test::zone_named;

namespace {

// The local time as text; a Time can be printed, a LocalTime is read as if it were UTC.
std::string local_text(const TimeZone& zone, std::string_view utc) {
  const Time as_utc(zone.to_local(time_at(utc)).time_since_epoch());
  const auto midnight = std::chrono::floor<std::chrono::days>(as_utc);
  const std::chrono::year_month_day date(midnight);
  const auto s = std::chrono::floor<std::chrono::seconds>(as_utc - midnight).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), s / 3600, s / 60 % 60, s % 60);
}

LocalTime local_at(std::string_view text) {
  return LocalTime(std::chrono::floor<std::chrono::seconds>(time_at(text)).time_since_epoch());
}

}  // namespace

TEST_CASE("local times follow the zone's offsets", "[schedules]") {
  const auto berlin = zone_named("Europe/Berlin");
  CHECK(local_text(berlin, "2026-01-15T12:00:00Z") == "2026-01-15T13:00:00");
  CHECK(local_text(berlin, "2026-07-15T12:00:00Z") == "2026-07-15T14:00:00");
  CHECK(local_text(berlin, "2026-03-29T00:59:59Z") == "2026-03-29T01:59:59");
  CHECK(local_text(berlin, "2026-03-29T01:00:00Z") == "2026-03-29T03:00:00");
  CHECK(local_text(zone_named("Asia/Kolkata"), "2026-01-15T12:00:00Z") == "2026-01-15T17:30:00");
  CHECK(local_text(TimeZone::utc(), "2026-01-15T12:00:00Z") == "2026-01-15T12:00:00");
  // The year before it was a country with daylight saving time, and long after the file's table.
  CHECK(local_text(zone_named("Asia/Tokyo"), "2150-07-15T12:00:00Z") == "2150-07-15T21:00:00");
  CHECK(local_text(zone_named("America/New_York"), "2150-07-15T12:00:00Z") ==
        "2150-07-15T08:00:00");
  CHECK(local_text(zone_named("America/New_York"), "2150-01-15T12:00:00Z") ==
        "2150-01-15T07:00:00");
  // South of the equator; and half an hour of daylight saving.
  CHECK(local_text(zone_named("Australia/Sydney"), "2100-01-15T12:00:00Z") ==
        "2100-01-15T23:00:00");
  CHECK(local_text(zone_named("Australia/Lord_Howe"), "2100-07-15T12:00:00Z") ==
        "2100-07-15T22:30:00");
}

TEST_CASE("a local time that is jumped over has no moment, one that comes twice its first",
          "[schedules]") {
  const auto berlin = zone_named("Europe/Berlin");
  CHECK_FALSE(berlin.to_time(local_at("2026-03-29T02:30:00Z")));
  CHECK(berlin.to_time_past_gap(local_at("2026-03-29T02:30:00Z")) ==
        time_at("2026-03-29T01:30:00Z"));
  CHECK(berlin.to_time(local_at("2026-10-25T02:30:00Z")) == time_at("2026-10-25T00:30:00Z"));
  CHECK(berlin.to_time(local_at("2026-03-29T01:59:59Z")) == time_at("2026-03-29T00:59:59Z"));
  CHECK(berlin.to_time(local_at("2026-03-29T03:00:00Z")) == time_at("2026-03-29T01:00:00Z"));
  // A whole day was left out when the clocks went to the other side of the date line.
  CHECK_FALSE(zone_named("Pacific/Apia").to_time(local_at("2011-12-30T12:00:00Z")));
}

TEST_CASE("every zone agrees with the system's library", "[schedules]") {
  const char* const before = std::getenv("TZ");
  const std::string saved = before == nullptr ? "" : before;
  for (const auto* name :
       {"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago",
        "Africa/Casablanca", "Asia/Gaza", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Chatham",
        "Antarctica/Troll", "America/Sao_Paulo", "Etc/GMT+5"}) {
    INFO(name);
    const auto zone = zone_named(name);
    setenv("TZ", name, 1);
    tzset();
    // Every 997 minutes for a dozen years around the end of the files' tables.
    for (Time at = time_at("2030-01-01T00:00:00Z"); at < time_at("2042-01-01T00:00:00Z");
         at += std::chrono::minutes(997)) {
      const std::time_t seconds = to_ms(at) / 1000;
      std::tm local{};
      localtime_r(&seconds, &local);
      const auto ours = zone.to_local(at).time_since_epoch().count();
      if (ours - seconds != local.tm_gmtoff) {
        FAIL(name << " at " << seconds << ": " << ours - seconds << ", not " << local.tm_gmtoff);
      }
    }
  }
  saved.empty() ? unsetenv("TZ") : setenv("TZ", saved.c_str(), 1);
  tzset();
}

TEST_CASE("rules of POSIX that no zone of today needs are understood", "[schedules]") {
  const auto count = [](std::string_view text) {
    const auto zone = PosixZone::parse(text);
    REQUIRE(zone);
    return zone->changes_after(0).size();
  };
  CHECK(count("UTC0") == 0);
  CHECK(count("<+0330>-3:30") == 0);
  CHECK(count("EST5EDT,M3.2.0,M11.1.0") > 400);
  // The 60th day without and with the leap day counted.
  const auto zone = PosixZone::parse("AAA0BBB,J60/0,300/0");
  REQUIRE(zone);
  const auto changes = zone->changes_after(to_ms(time_at("2028-01-01T00:00:00Z")) / 1000);
  CHECK(changes.at(0).at_s == to_ms(time_at("2028-03-01T00:00:00Z")) / 1000);
  CHECK(changes.at(0).offset_s == 3600);
  CHECK(changes.at(1).at_s == to_ms(time_at("2028-10-26T23:00:00Z")) / 1000);
  for (const auto* bad : {"", "E5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
                          "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "<EST5", "EST5 "}) {
    INFO(bad);
    CHECK_FALSE(PosixZone::parse(bad));
  }
}

TEST_CASE("what is no zone file is refused, cut off anywhere", "[schedules]") {
  const std::string file = zone_file("America/New_York");
  CHECK_FALSE(TimeZone::parse(""));
  CHECK_FALSE(TimeZone::parse("TZif"));
  for (std::size_t size = 0; size < file.size(); size += 7) {
    CHECK_FALSE(TimeZone::parse(std::string_view(file).substr(0, size)));
  }
}

}  // namespace signalbox::broker
