// On whose behalf something is delivered: what attempts, retries and dead letters need to know of
// it, whether it is a rule's target or a schedule's. Made from either; pure values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/bus.h"
#include "broker/delivery/retry.h"
#include "broker/message_record.h"
#include "broker/schedules/invocation.h"

namespace signalbox::broker {

struct DeliverySource {
  std::optional<Delivery> delivery;  // of a rule, whose bus may log the steps; not of a schedule
  std::string account;               // the sender of its messages
  std::string target_arn;
  RetryLimits retry_limits;
  std::optional<std::string> dead_letter_arn;
  // What names it in the attributes of a dead letter.
  std::vector<std::pair<std::string_view, std::string>> names;
  // A dead letter says whether its payload is whole: one that is too long for the queue is cut.
  bool may_be_cut = false;
  Origin origin;
};

DeliverySource source_of(const Delivery& delivery, const AcceptedEvent& event);
DeliverySource source_of(const ScheduleInvocation& invocation);

}  // namespace signalbox::broker
