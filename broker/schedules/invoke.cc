// An invocation of a schedule: a message or an event in this batch, or a delivery in a lane.
#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/delivery/dead_letter.h"
#include "broker/delivery/source.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/functions/functions.h"
#include "broker/md5.h"
#include "broker/prepare.h"
#include "broker/queue_url.h"
#include "broker/schedules/schedule.h"
#include "broker/schedules/schedule_target.h"
#include "broker/sqs_batch.h"
#include "broker/with_parsed.h"

namespace signalbox::broker {

namespace {

ScheduleInvocation make_invocation(const Schedule& schedule, const ScheduleGroup& group,
                                   Context& ctx) {
  const auto& target = schedule.config.target;
  ScheduleInvocation invocation;
  invocation.account = group.world->account;
  invocation.schedule_arn = group.arn_of(schedule.config.name);
  invocation.target_arn = target.arn;
  invocation.scheduled_time = format_event_time(*schedule.scheduled_ms).value_or("");
  invocation.execution_id = fmt::format("{:016x}", ctx.ids.random_bits());
  if (target.retry_policy) {
    invocation.age_s_max = target.retry_policy->maximum_event_age_in_seconds;
    invocation.retries_max = target.retry_policy->maximum_retry_attempts;
  }
  if (target.dead_letter_config) invocation.dead_letter_arn = target.dead_letter_config->arn;
  return invocation;
}

// As the Scheduler's dead letters name what SQS says.
DeliveryFailure failure_of_sqs(const Error& error) {
  if (error.code == ErrorCode::queue_does_not_exist) {
    return {"AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist for this wsdl version."};
  }
  return {batch_error_code(error.code), error.message};
}

DeliveryFailure not_a_request(std::string_view operation) {
  return {"INVALID_JSON", fmt::format("The input is no request of {}.", operation)};
}

Context in_name_of(const Caller& caller, Context& ctx) {
  return {ctx.now, ctx.wall, ctx.ids, ctx.batch, caller, ctx.fetched, ctx.wait_deadline};
}

}  // namespace

Answer<std::optional<DeliveryFailure>> Broker::invoke_send_message(api::SendMessageRequest request,
                                                                   const Caller& caller,
                                                                   Context& ctx) {
  using Outcome = std::optional<DeliveryFailure>;
  const HandleKey no_handles{};
  PrepareContext preparing{ctx.wall, ctx.ids, caller, directory_, no_handles};
  const auto prepared = prepare(request, preparing);
  if (prepared.has_error()) return Outcome(failure_of_sqs(prepared.error()));
  Context own = in_name_of(caller, ctx);
  const auto sent = send_message(request, own);
  if (const auto* need = sent.needs_keys()) return *need;
  if (const auto* error = sent.error()) return Outcome(failure_of_sqs(*error));
  return Outcome();
}

std::optional<DeliveryFailure> Broker::invoke_put_events(api::PutEventsRequest request,
                                                         const Caller& caller, Context& ctx) {
  for (const auto& entry : request.entries) {
    const auto bus = bus_at(parse_bus(entry.event_bus_name, caller), ctx);
    if (bus.has_value() && bus.value() == nullptr) {
      return DeliveryFailure{"NO_RESOURCE",
                             fmt::format("Event bus {} does not exist.", *entry.event_bus_name)};
    }
  }
  const HandleKey no_handles{};
  PrepareContext preparing{ctx.wall, ctx.ids, caller, directory_, no_handles};
  const auto prepared = prepare(request, preparing);
  if (prepared.has_error()) return DeliveryFailure{"INVALID_PARAMETER", prepared.error().message};
  Context own = in_name_of(caller, ctx);
  const auto put = put_events(request, own);
  if (const auto* error = put.error()) return DeliveryFailure{"INTERNAL_ERROR", error->message};
  for (const auto& entry : put.value()->entries) {
    if (entry.error_code)
      return DeliveryFailure{*entry.error_code, entry.error_message.value_or("")};
  }
  return std::nullopt;
}

Answer<std::optional<DeliveryFailure>> Broker::invoke_here(const Schedule& schedule,
                                                           const ScheduleGroup& group,
                                                           const std::string& input, Context& ctx) {
  using Outcome = std::optional<DeliveryFailure>;
  const auto& target = schedule.config.target;
  Caller caller;
  caller.account = group.world->account;
  caller.region = group.world->region;
  caller.base_url = ctx.caller.base_url;
  switch (kind_of(target)) {
    case InvocationKind::sqs: {
      const auto place = parse_queue_arn(target.arn);
      if (!place || find_queue_by_arn(target.arn) == nullptr) {
        return Outcome(failure_of_sqs({ErrorCode::queue_does_not_exist, {}}));
      }
      api::SendMessageRequest request;
      // In the queue's region, which the URL says.
      request.queue_url =
          fmt::format("/queue/{}/{}/{}", place->region, place->account, place->name);
      request.message_body = input;
      if (target.sqs_parameters) request.message_group_id = target.sqs_parameters->message_group_id;
      return invoke_send_message(std::move(request), caller, ctx);
    }
    case InvocationKind::send_message: {
      auto request = read_send_message(input);
      if (!request) return Outcome(not_a_request("SendMessage"));
      return invoke_send_message(*std::move(request), caller, ctx);
    }
    case InvocationKind::event_bus: {
      api::PutEventsRequest request;
      auto& entry = request.entries.emplace_back();
      entry.source = target.event_bridge_parameters->source;
      entry.detail_type = target.event_bridge_parameters->detail_type;
      entry.detail = input;
      entry.event_bus_name = target.arn;
      entry.resources = {group.arn_of(schedule.config.name)};
      return invoke_put_events(std::move(request), caller, ctx);
    }
    case InvocationKind::put_events: {
      auto request = read_put_events(input);
      if (!request) return Outcome(not_a_request("PutEvents"));
      return invoke_put_events(*std::move(request), caller, ctx);
    }
    case InvocationKind::function: {
      const auto* const function = services_.functions->find_by_arn(target.arn);
      if (function == nullptr) {
        return Outcome(DeliveryFailure{"ResourceNotFoundException",
                                       fmt::format("Function not found: {}", target.arn)});
      }
      if (!with_parsed(input, [](simdjson::dom::element) { return true; })) {
        return Outcome(not_a_request("Invoke"));
      }
      invoke_function(*function, target.arn, input, {}, ctx);
      return Outcome();
    }
    case InvocationKind::http:
    case InvocationKind::other: break;
  }
  return Outcome(cannot_be_invoked());
}

Answer<api::Empty> Broker::invoke(const Schedule& schedule, const ScheduleGroup& group,
                                  Context& ctx) {
  const auto& target = schedule.config.target;
  const InvocationKind kind = kind_of(target);
  const ScheduleInvocation invocation = make_invocation(schedule, group, ctx);
  const IdBytes id = ctx.ids.uuid();
  std::string input;
  if (target.input) {
    input = fill_input(*target.input, invocation);
  } else if (kind != InvocationKind::event_bus) {
    input = default_input(invocation, group.world->region, format_uuid(id));
  } else {
    input = "{}";
  }
  if (kind == InvocationKind::http) {
    DeliveryRecord record;
    record.event_id = id;
    record.accepted_ms = to_ms(ctx.wall);
    record.json = std::move(input);
    record.invocation = invocation;
    start_delivery(schedule_lane(schedule.lane_id), std::move(record), ctx);
    ++schedules_.counters.invocations;
    return api::Empty{};
  }
  input = fill_attempt_number(input, 1);
  const auto invoked = invoke_here(schedule, group, input, ctx);
  if (const auto* need = invoked.needs_keys()) return *need;
  ++schedules_.counters.invocations;
  if (const auto& failure = *invoked.value()) {
    ++schedules_.counters.failures;
    const Md5 digest = md5_of(input);
    const std::string md5(digest.begin(), digest.end());
    const AcceptedEvent event{id, input, md5, {}, to_ms(ctx.wall)};
    send_dead_letter(source_of(invocation), event, {*failure, {}, 0}, ctx);
  }
  return api::Empty{};
}

}  // namespace signalbox::broker
