// Time zones for tests, from the system's own files.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "broker/schedules/time_zones.h"

namespace signalbox::broker::test {

// "2026-01-02T03:04:05Z"
inline Time time_at(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  REQUIRE(std::sscanf(std::string(text).c_str(), "%d-%d-%dT%d:%d:%dZ", &year, &month, &day, &hour,
                      &minute, &second) == 6);
  using namespace std::chrono;
  return sys_days(std::chrono::year(year) / month / day) + hours(hour) + minutes(minute) +
         seconds(second);
}

inline std::string zone_file(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline TimeZone zone_named(const std::string& name) {
  const auto zone = TimeZone::parse(zone_file(name));
  REQUIRE(zone);
  return *zone;
}

inline std::shared_ptr<TimeZones> system_zones() {
  return std::make_shared<TimeZones>([](const std::string& name) -> std::optional<std::string> {
    std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
  });
}

}  // namespace signalbox::broker::test
