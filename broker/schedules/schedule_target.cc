#include "broker/schedules/schedule_target.h"

#include <simdjson.h>

#include "broker/base64.h"
#include "broker/events_arns.h"
#include "broker/events_envelope.h"

namespace signalbox::broker {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view attempt_keyword = "<aws.scheduler.attempt-number>";

void replace_all(std::string& text, std::string_view keyword, std::string_view value) {
  for (std::size_t at = text.find(keyword); at != std::string::npos;
       at = text.find(keyword, at + value.size())) {
    text.replace(at, keyword.size(), value);
  }
}

// Members of the request of a universal target. An absent one is left alone; false: it is not of
// its type.
bool read(const object& members, const char* name, std::optional<std::string>& out) {
  const auto member = members.at_key(name);
  if (member.error() != simdjson::SUCCESS || member.is_null()) return true;
  std::string_view text;
  if (member.get(text) != simdjson::SUCCESS) return false;
  out = text;
  return true;
}

bool read(const object& members, const char* name, std::optional<std::int64_t>& out) {
  const auto member = members.at_key(name);
  if (member.error() != simdjson::SUCCESS || member.is_null()) return true;
  return member.get(out.emplace()) == simdjson::SUCCESS;
}

bool read(const object& members, const char* name, api::StringList& out) {
  const auto member = members.at_key(name);
  if (member.error() != simdjson::SUCCESS || member.is_null()) return true;
  simdjson::dom::array list;
  if (member.get(list) != simdjson::SUCCESS) return false;
  for (const element each : list) {
    std::string_view text;
    if (each.get(text) != simdjson::SUCCESS) return false;
    out.emplace_back(text);
  }
  return true;
}

bool read_attributes(const object& members, api::MessageAttributeMap& out) {
  const auto member = members.at_key("MessageAttributes");
  if (member.error() != simdjson::SUCCESS || member.is_null()) return true;
  object attributes;
  if (member.get(attributes) != simdjson::SUCCESS) return false;
  for (const auto& [name, value] : attributes) {
    object parts;
    if (value.get(parts) != simdjson::SUCCESS) return false;
    std::optional<std::string> type, binary;
    auto& attribute = out[std::string(name)];
    if (!read(parts, "DataType", type) || !read(parts, "StringValue", attribute.string_value) ||
        !read(parts, "BinaryValue", binary)) {
      return false;
    }
    attribute.data_type = type.value_or("");
    if (!binary) continue;
    auto bytes = decode_base64(*binary);
    if (!bytes) return false;
    attribute.binary_value.emplace().bytes = *std::move(bytes);
  }
  return true;
}

bool read_time(const object& members, std::optional<api::Timestamp>& out) {
  const auto member = members.at_key("Time");
  if (member.error() != simdjson::SUCCESS || member.is_null()) return true;
  double seconds = 0;
  constexpr double seconds_max = 253'402'300'799;
  if (member.get(seconds) != simdjson::SUCCESS || !(seconds >= 0 && seconds <= seconds_max)) {
    return false;
  }
  out.emplace().ms = static_cast<std::int64_t>(seconds * 1000);
  return true;
}

}  // namespace

InvocationKind kind_of(const api::scheduler::Target& target) {
  if (is_http_url(target.arn)) return InvocationKind::http;
  if (target.arn == "arn:aws:scheduler:::aws-sdk:sqs:sendMessage") {
    return InvocationKind::send_message;
  }
  if (target.arn == "arn:aws:scheduler:::aws-sdk:eventbridge:putEvents") {
    return InvocationKind::put_events;
  }
  const auto service = arn_service(target.arn);
  if (service == "sqs") return InvocationKind::sqs;
  if (service == "lambda") return InvocationKind::function;
  const bool is_bus = service == "events" && target.arn.find(":event-bus/") != std::string::npos;
  return is_bus ? InvocationKind::event_bus : InvocationKind::other;
}

std::string fill_input(std::string_view input, const ScheduleInvocation& invocation) {
  std::string filled(input);
  replace_all(filled, "<aws.scheduler.schedule-arn>", invocation.schedule_arn);
  replace_all(filled, "<aws.scheduler.scheduled-time>", invocation.scheduled_time);
  replace_all(filled, "<aws.scheduler.execution-id>", invocation.execution_id);
  return filled;
}

std::string fill_attempt_number(std::string_view input, std::int64_t attempt) {
  std::string filled(input);
  replace_all(filled, attempt_keyword, std::to_string(attempt));
  return filled;
}

std::string default_input(const ScheduleInvocation& invocation, std::string_view region,
                          std::string_view event_id) {
  const std::vector<std::string> resources{invocation.schedule_arn};
  return build_envelope({.id = event_id,
                         .detail_type = "Scheduled Event",
                         .source = "aws.scheduler",
                         .account = invocation.account,
                         .region = region,
                         .time = invocation.scheduled_time,
                         .detail = R"("{}")",
                         .resources = &resources});
}

std::optional<api::SendMessageRequest> read_send_message(std::string_view json) {
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(json.data(), json.size()).get(members) != simdjson::SUCCESS) return std::nullopt;
  api::SendMessageRequest request;
  std::optional<std::string> queue_url, body;
  const bool fine = read(members, "QueueUrl", queue_url) && read(members, "MessageBody", body) &&
                    read(members, "DelaySeconds", request.delay_seconds) &&
                    read(members, "MessageGroupId", request.message_group_id) &&
                    read(members, "MessageDeduplicationId", request.message_deduplication_id) &&
                    read_attributes(members, request.message_attributes);
  if (!fine || !queue_url) return std::nullopt;
  request.queue_url = *std::move(queue_url);
  request.message_body = body.value_or("");
  return request;
}

std::optional<api::PutEventsRequest> read_put_events(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array entries;
  const auto parsed = parser.parse(json.data(), json.size());
  if (parsed.at_key("Entries").get(entries) != simdjson::SUCCESS) return std::nullopt;
  constexpr std::size_t entry_count_max = 10;
  if (entries.size() == 0 || entries.size() > entry_count_max) return std::nullopt;
  api::PutEventsRequest request;
  for (const element each : entries) {
    object members;
    if (each.get(members) != simdjson::SUCCESS) return std::nullopt;
    auto& entry = request.entries.emplace_back();
    const bool fine = read(members, "Source", entry.source) &&
                      read(members, "DetailType", entry.detail_type) &&
                      read(members, "Detail", entry.detail) &&
                      read(members, "EventBusName", entry.event_bus_name) &&
                      read(members, "TraceHeader", entry.trace_header) &&
                      read(members, "Resources", entry.resources) && read_time(members, entry.time);
    if (!fine) return std::nullopt;
  }
  return request;
}

}  // namespace signalbox::broker
