#include "broker/delivery/retry.h"

#include <algorithm>

namespace signalbox::broker {

namespace {

constexpr std::int64_t backoff_first_ms = 1'000;
constexpr std::int64_t backoff_max_ms = 300'000;

std::int64_t backoff_limit_ms(std::int64_t attempts) {
  std::int64_t limit_ms = backoff_first_ms;
  for (std::int64_t i = 1; i < attempts && limit_ms < backoff_max_ms; ++i) limit_ms *= 2;
  return std::min(limit_ms, backoff_max_ms);
}

}  // namespace

RetryLimits retry_limits(const std::optional<api::RetryPolicy>& policy) {
  if (!policy) return {};
  return retry_limits(policy->maximum_retry_attempts, policy->maximum_event_age_in_seconds);
}

RetryLimits retry_limits(std::optional<std::int64_t> retries_max,
                         std::optional<std::int64_t> age_s_max) {
  RetryLimits limits;
  limits.retries_max = retries_max.value_or(limits.retries_max);
  limits.age_max = std::chrono::seconds(age_s_max.value_or(limits.age_max.count()));
  return limits;
}

bool is_too_old(const RetryLimits& limits, Time accepted, Time now) {
  return now >= accepted + limits.age_max;
}

NextTry next_try(const RetryLimits& limits, const FailedDelivery& failed) {
  if (failed.attempts > limits.retries_max) return {failed.now, attempts_exhausted};
  if (is_too_old(limits, failed.accepted, failed.now)) return {failed.now, age_exhausted};
  const auto spread = static_cast<std::uint64_t>(backoff_limit_ms(failed.attempts));
  Duration delay(1 + static_cast<std::int64_t>(failed.random_bits % spread));
  if (failed.retry_after) delay = std::max(delay, *failed.retry_after);
  return {std::min(failed.now + delay, failed.accepted + limits.age_max), {}};
}

}  // namespace signalbox::broker
