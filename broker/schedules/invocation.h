// One time that a schedule comes up: all that a delivery needs to know of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace signalbox::broker {

// Stored with a delivery, for the schedule may be another one, or gone, when that ends.
struct ScheduleInvocation {
  std::string account;  // the schedule's
  std::string schedule_arn;
  std::string target_arn;
  std::string scheduled_time;  // 2022-03-22T18:59:43Z
  std::string execution_id;    // 16 hex digits
  std::optional<std::int64_t> age_s_max;
  std::optional<std::int64_t> retries_max;
  std::optional<std::string> dead_letter_arn;
};

}  // namespace signalbox::broker
