// How long and how often events are tried, as event invoke configurations say.
#include "broker/functions/event_invocations.h"
#include "broker/functions/functions.h"

namespace signalbox::broker::functions {

EventLimits event_limits(const Function& function, const std::string& qualifier) {
  const Alias* const alias = alias_named(latest_of(function), qualifier);
  const auto& config = alias == nullptr ? function.event_invoke_config : alias->event_invoke_config;
  EventLimits limits;
  if (!config) return limits;
  limits.retries_max = config->maximum_retry_attempts.value_or(limits.retries_max);
  if (config->maximum_event_age_in_seconds) {
    limits.age_max = std::chrono::seconds(*config->maximum_event_age_in_seconds);
  }
  const auto& destinations = config->destination_config;
  if (!destinations) return limits;
  if (destinations->on_success) limits.on_success = destinations->on_success->destination;
  if (destinations->on_failure) limits.on_failure = destinations->on_failure->destination;
  return limits;
}

bool tells_of_failure(const Function& function, const std::string& qualifier) {
  const auto& dead_letters = function.config.dead_letter_config;
  return !event_limits(function, qualifier).on_failure.value_or("").empty() ||
         (dead_letters && !dead_letters->target_arn.value_or("").empty());
}

}  // namespace signalbox::broker::functions
