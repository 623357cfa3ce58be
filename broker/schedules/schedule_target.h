// What a schedule's target is given. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/events.h"
#include "broker/api/scheduler.h"
#include "broker/api/sqs.h"
#include "broker/schedules/invocation.h"

namespace signalbox::broker {

enum class InvocationKind : std::uint8_t {
  sqs,           // a queue's ARN: the input is a message
  event_bus,     // a bus's ARN: the input is an event's detail
  function,      // a function's ARN: the input is its event
  http,          // a URL, which the service does not have: the input is posted
  send_message,  // arn:aws:scheduler:::aws-sdk:sqs:sendMessage: the input is the request
  put_events,    // arn:aws:scheduler:::aws-sdk:eventbridge:putEvents: the same
  other,         // accepted and stored; cannot be invoked
};
InvocationKind kind_of(const api::scheduler::Target& target);

// The input with all of its <aws.scheduler...> keywords replaced but the number of the attempt.
std::string fill_input(std::string_view input, const ScheduleInvocation& invocation);
std::string fill_attempt_number(std::string_view input, std::int64_t attempt);
// What a target of the service's own choosing gets when the schedule has no input.
std::string default_input(const ScheduleInvocation& invocation, std::string_view region,
                          std::string_view event_id);

// The request that the input of a universal target is; nothing when it is none.
std::optional<api::SendMessageRequest> read_send_message(std::string_view json);
std::optional<api::PutEventsRequest> read_put_events(std::string_view json);

}  // namespace signalbox::broker
