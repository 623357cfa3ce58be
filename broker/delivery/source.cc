#include "broker/delivery/source.h"

#include "broker/delivery/dead_letter.h"

namespace signalbox::broker {

DeliverySource source_of(const Delivery& delivery, const AcceptedEvent& event) {
  const auto& config = delivery.target->config;
  DeliverySource source;
  source.delivery = delivery;
  source.account = delivery.rule->bus->world->account;
  source.target_arn = config.arn;
  source.retry_limits = retry_limits(config.retry_policy);
  if (config.dead_letter_config) source.dead_letter_arn = config.dead_letter_config->arn;
  source.names = {{"RULE_ARN", delivery.rule->arn()}};
  source.origin = origin_of(delivery, event);
  return source;
}

DeliverySource source_of(const ScheduleInvocation& invocation) {
  DeliverySource source;
  source.account = invocation.account;
  source.target_arn = invocation.target_arn;
  source.retry_limits = retry_limits(invocation.retries_max, invocation.age_s_max);
  source.dead_letter_arn = invocation.dead_letter_arn;
  source.names = {{"SCHEDULE_ARN", invocation.schedule_arn},
                  {"SCHEDULED_TIME", invocation.scheduled_time},
                  {"EXECUTION_ID", invocation.execution_id}};
  source.may_be_cut = true;
  return source;
}

}  // namespace signalbox::broker
