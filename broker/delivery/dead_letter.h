// What a target's dead-letter queue gets: the event, and why it was not delivered.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/api/sqs.h"
#include "broker/bus.h"

namespace signalbox::broker {

struct DeliverySource;
struct Origin;

struct DeadLetter {
  DeliveryFailure failure;
  // MaximumRetryAttempts or MaximumEventAgeInSeconds; empty: it was not worth retrying.
  std::string_view exhausted_condition;
  std::int64_t retry_attempts = 0;
  IdBytes invocation_id{};
};

// The message attributes as the service names them.
api::MessageAttributeMap dead_letter_attributes(const DeliverySource& source,
                                                const DeadLetter& letter);

// Where a message made of the event comes from.
Origin origin_of(const Delivery& delivery, const AcceptedEvent& event);

// Of a target that is a service which is not here.
DeliveryFailure cannot_be_invoked();

}  // namespace signalbox::broker
