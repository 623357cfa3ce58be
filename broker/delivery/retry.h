// When a failed delivery is tried again, and when it is given up. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/api/events.h"
#include "broker/clock.h"

namespace signalbox::broker {

struct RetryLimits {
  std::int64_t retries_max = 185;
  std::chrono::seconds age_max{86'400};
};
// The defaults where the target says nothing.
RetryLimits retry_limits(const std::optional<api::RetryPolicy>& policy);
RetryLimits retry_limits(std::optional<std::int64_t> retries_max,
                         std::optional<std::int64_t> age_s_max);

struct FailedDelivery {
  Time accepted;
  std::int64_t attempts = 1;  // made so far, the failed one included
  Time now;
  std::optional<Duration> retry_after;  // what the target asked for
  std::uint64_t random_bits = 0;
};

struct NextTry {
  Time due;  // when condition is empty
  // Which limit is reached, in the words of EXHAUSTED_RETRY_CONDITION.
  std::string_view exhausted_condition;
};

// Exponential backoff with full jitter: somewhere up to 1 s, 2 s, 4 s, … 300 s, or as long as the
// target asked for if that is longer. The service's own times are not published. Always later than
// now. A try that would come too late for the event's age comes at its end: is_too_old() then.
NextTry next_try(const RetryLimits& limits, const FailedDelivery& failed);
bool is_too_old(const RetryLimits& limits, Time accepted, Time now);

constexpr std::string_view age_exhausted = "MaximumEventAgeInSeconds";
constexpr std::string_view attempts_exhausted = "MaximumRetryAttempts";

}  // namespace signalbox::broker
