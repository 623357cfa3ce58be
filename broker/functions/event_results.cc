// What becomes of an event in the end is told to others: destinations get a record of it, a
// dead-letter queue the event itself.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/events.h"
#include "broker/api/sqs.h"
#include "broker/bus.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"
#include "broker/functions/event_invocations.h"
#include "broker/functions/functions.h"
#include "broker/queue_url.h"
#include "broker/with_parsed.h"

namespace signalbox::broker::functions {

namespace {

constexpr std::size_t error_message_max = 1024;

Caller caller_of(const Function& function) {
  Caller caller;
  caller.account = function.world->account;
  caller.region = function.world->region;
  return caller;
}

std::string arn_with_version(const Function& function) {
  const auto& config = function.config;
  const std::string& arn = *config.function_arn;
  const std::string version = config.version.value_or(std::string(latest));
  return arn.ends_with(":" + version) ? arn : arn + ":" + version;
}

std::string json_text(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

// A function may answer anything: what is no JSON is shown as a text.
std::string as_json(const std::string& payload) {
  if (payload.empty()) return "null";
  const bool is_json = with_parsed(payload, [](simdjson::dom::element) { return true; });
  return is_json ? payload : json_text(payload);
}

std::string record_of(const Function& function, const StoredEvent& event,
                      std::string_view condition, const Outcome* outcome, const Context& ctx) {
  const std::int64_t ms = to_ms(ctx.wall);
  std::string json = fmt::format(
      R"({{"version":"1.0","timestamp":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","requestContext":)"
      R"({{"requestId":{},"functionArn":{},"condition":"{}","approximateInvokeCount":{}}},)"
      R"("requestPayload":{})",
      fmt::gmtime(ms / 1000), ms % 1000, json_text(event.request_id),
      json_text(arn_with_version(function)), condition, event.attempts, as_json(event.payload));
  if (outcome != nullptr) {
    json += fmt::format(R"(,"responseContext":{{"statusCode":200,"executedVersion":{})",
                        json_text(function.config.version.value_or(std::string(latest))));
    if (outcome->function_error) {
      json += fmt::format(R"(,"functionError":{})", json_text(*outcome->function_error));
    }
    json += fmt::format(R"(}},"responsePayload":{})", as_json(outcome->payload));
  }
  return json += '}';
}

api::SendMessageRequest message_to(const QueuePlace& queue, std::string body) {
  api::SendMessageRequest request;
  // In the queue's region, which the URL says.
  request.queue_url = fmt::format("/queue/{}/{}/{}", queue.region, queue.account, queue.name);
  request.message_body = std::move(body);
  return request;
}

bool was_done(const Answer<std::optional<DeliveryFailure>>& answer) {
  return answer.value() != nullptr && !answer.value()->has_value();
}

// At most that much of it, and no part of a character.
std::string error_message(const Outcome& outcome) {
  std::string message;
  with_parsed(outcome.payload, [&](simdjson::dom::element payload) {
    std::string_view text;
    if (payload["errorMessage"].get(text) == simdjson::SUCCESS) message = text;
    return true;
  });
  if (message.empty()) message = outcome.function_error.value_or("Unhandled");
  std::size_t size = std::min(message.size(), error_message_max);
  const auto is_inside = [&] {
    return size < message.size() && (static_cast<unsigned char>(message[size]) & 0xc0) == 0x80;
  };
  while (is_inside()) --size;
  message.resize(size);
  return message;
}

api::MessageAttributeValue attribute(std::string type, std::string value) {
  api::MessageAttributeValue made;
  made.data_type = std::move(type);
  made.string_value = std::move(value);
  return made;
}

}  // namespace

void EventInvocations::tell(const Function& function, const StoredEvent& event,
                            std::string_view condition, const Outcome* outcome, Context& ctx) {
  const EventLimits limits = event_limits(function, event.qualifier);
  const bool is_success = condition == "Success";
  auto& counters = functions_.counters;
  ++(is_success ? counters.events_succeeded : counters.events_failed);
  const auto& destination = is_success ? limits.on_success : limits.on_failure;
  if (destination && !destination->empty()) {
    std::string record = record_of(function, event, condition, outcome, ctx);
    if (!send_to(*destination, function, std::move(record), condition, ctx)) {
      ++counters.destinations_failed;
    }
  }
  if (is_success || !function.config.dead_letter_config) return;
  if (!function.config.dead_letter_config->target_arn.value_or("").empty() &&
      !send_dead_letter(function, event, outcome, ctx)) {
    ++counters.destinations_failed;
  }
}

bool EventInvocations::send_to(const std::string& arn, const Function& function, std::string body,
                               std::string_view condition, Context& ctx) {
  const Caller caller = caller_of(function);
  if (const auto queue = parse_queue_arn(arn)) {
    return host_.find_queue_by_arn(arn) != nullptr &&
           was_done(host_.invoke_send_message(message_to(*queue, std::move(body)), caller, ctx));
  }
  if (is_bus_arn(arn)) {
    api::PutEventsRequest request;
    auto& entry = request.entries.emplace_back();
    entry.source = "lambda";
    entry.detail_type = fmt::format("Lambda Function Invocation Result - {}",
                                    condition == "Success" ? "Success" : "Failure");
    entry.detail = std::move(body);
    entry.event_bus_name = arn;
    entry.resources = {arn_with_version(function), arn};
    return !host_.invoke_put_events(std::move(request), caller, ctx);
  }
  const Function* const next = functions_.find_by_arn(arn);
  if (next == nullptr) return false;
  accept(*next, {format_uuid(ctx.ids.uuid()), std::move(body), {}, qualifier_of(arn)}, ctx);
  return true;
}

bool EventInvocations::send_dead_letter(const Function& function, const StoredEvent& event,
                                        const Outcome* outcome, Context& ctx) {
  const std::string& arn = *function.config.dead_letter_config->target_arn;
  const auto queue = parse_queue_arn(arn);
  if (!queue || host_.find_queue_by_arn(arn) == nullptr) return false;
  auto request = message_to(*queue, event.payload);
  request.message_attributes["RequestID"] = attribute("String", event.request_id);
  if (outcome != nullptr) {
    request.message_attributes["ErrorCode"] = attribute("Number", "200");
    request.message_attributes["ErrorMessage"] = attribute("String", error_message(*outcome));
  }
  return was_done(host_.invoke_send_message(std::move(request), caller_of(function), ctx));
}

}  // namespace signalbox::broker::functions
