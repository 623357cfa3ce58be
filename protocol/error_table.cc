#include "protocol/error_table.h"

#include <fmt/format.h>

#include <array>

#include "protocol/json_codec.h"
#include "protocol/xml_writer.h"

namespace signalbox::protocol {

namespace {

using broker::ErrorCode;

constexpr Fault receiver = Fault::receiver;
// Errors of one service that the other never gives still have a shape there.
constexpr ErrorShape foreign_to_sqs{400, "com.amazon.coral.service#ValidationException",
                                    "ValidationError"};
constexpr ErrorShape foreign_to_events{400, "ValidationException"};
constexpr ErrorShape foreign_to_scheduler{400, "ValidationException"};
constexpr ErrorShape foreign_to_schemas{400, "BadRequestException"};

struct Row {
  ErrorCode code;
  ErrorShape sqs;
  ErrorShape events = foreign_to_events;
  ErrorShape scheduler = foreign_to_scheduler;
  ErrorShape schemas = foreign_to_schemas;
};

// Statuses and codes as the services give them: nearly all 400.
constexpr std::array rows{
    Row{ErrorCode::queue_does_not_exist,
        {400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}},
    Row{ErrorCode::invalid_address, {404, "com.amazonaws.sqs#InvalidAddress", "InvalidAddress"}},
    Row{ErrorCode::queue_name_exists,
        {400, "com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists"}},
    Row{ErrorCode::queue_deleted_recently,
        {400, "com.amazonaws.sqs#QueueDeletedRecently",
         "AWS.SimpleQueueService.QueueDeletedRecently"}},
    Row{ErrorCode::invalid_parameter_value,
        {400, "com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue"}},
    Row{ErrorCode::missing_parameter,
        {400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter"}},
    Row{ErrorCode::invalid_attribute_name,
        {400, "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName"}},
    Row{ErrorCode::invalid_attribute_value,
        {400, "com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue"}},
    Row{ErrorCode::invalid_message_contents,
        {400, "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents"}},
    Row{ErrorCode::receipt_handle_is_invalid,
        {400, "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"}},
    Row{ErrorCode::message_not_inflight,
        {400, "com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"}},
    Row{ErrorCode::over_limit, {403, "com.amazonaws.sqs#OverLimit", "OverLimit"}},
    Row{ErrorCode::purge_queue_in_progress,
        {403, "com.amazonaws.sqs#PurgeQueueInProgress",
         "AWS.SimpleQueueService.PurgeQueueInProgress"}},
    Row{ErrorCode::unsupported_operation,
        {400, "com.amazonaws.sqs#UnsupportedOperation",
         "AWS.SimpleQueueService.UnsupportedOperation"}},
    Row{ErrorCode::batch_entry_ids_not_distinct,
        {400, "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
         "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"}},
    Row{ErrorCode::batch_request_too_long,
        {400, "com.amazonaws.sqs#BatchRequestTooLong",
         "AWS.SimpleQueueService.BatchRequestTooLong"}},
    Row{ErrorCode::empty_batch_request,
        {400, "com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"}},
    Row{ErrorCode::invalid_batch_entry_id,
        {400, "com.amazonaws.sqs#InvalidBatchEntryId",
         "AWS.SimpleQueueService.InvalidBatchEntryId"}},
    Row{ErrorCode::too_many_entries_in_batch_request,
        {400, "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
         "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"}},
    Row{ErrorCode::validation, foreign_to_sqs, {400, "ValidationException"}},
    Row{ErrorCode::resource_not_found,
        {404, "com.amazonaws.sqs#ResourceNotFoundException", "ResourceNotFoundException"},
        {400, "ResourceNotFoundException"},
        {404, "ResourceNotFoundException"},
        {404, "NotFoundException"}},
    Row{ErrorCode::resource_already_exists,
        foreign_to_sqs,
        {400, "ResourceAlreadyExistsException"}},
    Row{ErrorCode::invalid_event_pattern, foreign_to_sqs, {400, "InvalidEventPatternException"}},
    Row{ErrorCode::limit_exceeded,
        foreign_to_sqs,
        {400, "LimitExceededException"},
        foreign_to_scheduler,
        {403, "ForbiddenException"}},
    Row{ErrorCode::policy_length_exceeded, foreign_to_sqs, {400, "PolicyLengthExceededException"}},
    Row{ErrorCode::concurrent_modification,
        foreign_to_sqs,
        {400, "ConcurrentModificationException"}},
    Row{ErrorCode::managed_rule, foreign_to_sqs, {400, "ManagedRuleException"}},
    Row{ErrorCode::illegal_status, foreign_to_sqs, {400, "IllegalStatusException"}},
    Row{ErrorCode::operation_disabled, foreign_to_sqs, {400, "OperationDisabledException"}},
    Row{ErrorCode::invalid_state, foreign_to_sqs, {400, "InvalidStateException"}},
    Row{ErrorCode::serialization,
        {400, "com.amazon.coral.service#SerializationException", "MalformedInput", Fault::sender,
         false},
        {400, "SerializationException"},
        {400, "SerializationException"}},
    Row{ErrorCode::unknown_operation,
        {400, "com.amazon.coral.service#UnknownOperationException", "InvalidAction", Fault::sender,
         false},
        {400, "UnknownOperationException"},
        {404, "UnknownOperationException"},
        {404, "NotFoundException"}},
    Row{ErrorCode::throttled,
        {403, "com.amazonaws.sqs#RequestThrottled", "RequestThrottled"},
        {400, "ThrottlingException"},
        {429, "ThrottlingException"},
        {429, "TooManyRequestsException"}},
    Row{ErrorCode::service_unavailable,
        {503, "com.amazon.coral.service#ServiceUnavailableException", "ServiceUnavailable",
         receiver},
        {503, "ServiceUnavailableException", {}, receiver},
        {503, "ServiceUnavailableException", {}, receiver},
        {503, "ServiceUnavailableException", {}, receiver}},
    Row{ErrorCode::internal_failure,
        {500, "com.amazon.coral.service#InternalFailure", "InternalFailure", receiver},
        {500, "InternalException", {}, receiver},
        {500, "InternalServerException", {}, receiver},
        {500, "InternalServerErrorException", {}, receiver}},
    Row{ErrorCode::access_denied,
        {403, "com.amazon.coral.service#AccessDeniedException", "AccessDenied"},
        {400, "AccessDeniedException"},
        {403, "AccessDeniedException"},
        {403, "ForbiddenException"}},
    Row{ErrorCode::conflict,
        foreign_to_sqs,
        foreign_to_events,
        {409, "ConflictException"},
        {409, "ConflictException"}},
    Row{ErrorCode::gone,
        foreign_to_sqs,
        foreign_to_events,
        foreign_to_scheduler,
        {410, "GoneException"}},
    Row{ErrorCode::precondition_failed,
        foreign_to_sqs,
        foreign_to_events,
        foreign_to_scheduler,
        {412, "PreconditionFailedException"}},
};

// The compiler writes a value that no enumerator names as "(...ErrorCode)32".
template <ErrorCode code>
constexpr bool is_named() {
  return std::string_view(__PRETTY_FUNCTION__).find("ErrorCode)") == std::string_view::npos;
}

constexpr bool rows_are_in_enum_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return true;
}
static_assert(rows_are_in_enum_order());
static_assert(is_named<static_cast<ErrorCode>(rows.size() - 1)>());
static_assert(!is_named<static_cast<ErrorCode>(rows.size())>(), "an error code without a row");

// The Query wire's text is older than the JSON wire's.
std::string_view query_message(const broker::Error& error) {
  if (error.code == ErrorCode::queue_does_not_exist &&
      error.message == "The specified queue does not exist.") {
    return "The specified queue does not exist for this wsdl version.";
  }
  return error.message;
}

std::string_view fault_name(Fault fault) { return fault == Fault::sender ? "Sender" : "Receiver"; }

}  // namespace

ErrorShape error_shape(Service service, ErrorCode code) {
  const Row& row = rows[static_cast<std::size_t>(code)];
  switch (service) {
    case Service::sqs: return row.sqs;
    case Service::events: return row.events;
    case Service::scheduler: return row.scheduler;
    case Service::schemas: break;
  }
  return row.schemas;
}

ErrorReply json_error(Service service, const broker::Error& error) {
  const ErrorShape shape = error_shape(service, error.code);
  ErrorReply reply{.status = shape.status, .body = {}, .query_error = {}};
  reply.body = R"({"__type":)";
  append_json_string(reply.body, shape.type);
  if (!error.message.empty()) {
    reply.body += R"(,"message":)";
    append_json_string(reply.body, error.message);
  }
  reply.body += '}';
  if (service == Service::sqs && shape.in_query_error_header) {
    reply.query_error = fmt::format("{};{}", shape.query_code, fault_name(shape.fault));
  }
  return reply;
}

ErrorReply rest_error(Service service, const broker::Error& error) {
  const ErrorShape shape = error_shape(service, error.code);
  ErrorReply reply{.status = shape.status, .error_type = shape.type};
  reply.body = "{";
  if (service == Service::schemas) {
    reply.body += R"("Code":)";
    append_json_string(reply.body, shape.type);
    reply.body += ',';
  }
  reply.body += R"("Message":)";
  append_json_string(reply.body, error.message);
  reply.body += '}';
  return reply;
}

ErrorReply query_error(const broker::Error& error, std::string_view request_id) {
  const ErrorShape shape = error_shape(Service::sqs, error.code);
  ErrorReply reply{.status = shape.status, .body = {}, .query_error = {}};
  std::string& out = reply.body;
  out = R"(<?xml version="1.0"?><ErrorResponse xmlns=")";
  out += sqs_xml_namespace;
  out += R"("><Error>)";
  append_xml_element(out, "Type", fault_name(shape.fault));
  append_xml_element(out, "Code", shape.query_code);
  append_xml_element(out, "Message", query_message(error));
  out += "<Detail/></Error>";
  append_xml_element(out, "RequestId", request_id);
  out += "</ErrorResponse>";
  return reply;
}

}  // namespace signalbox::protocol
