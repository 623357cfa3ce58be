#include "protocol/error_table.h"

#include <fmt/format.h>

#include <array>

#include "protocol/json_codec.h"
#include "protocol/query_dialect.h"
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
constexpr ErrorShape foreign_to_lambda{400, "InvalidParameterValueException"};
constexpr ErrorShape foreign_to_identity{400, {}, "ValidationError"};

struct Row {
  ErrorCode code;
  ErrorShape sqs = foreign_to_sqs;
  ErrorShape events = foreign_to_events;
  ErrorShape scheduler = foreign_to_scheduler;
  ErrorShape schemas = foreign_to_schemas;
  ErrorShape lambda = foreign_to_lambda;      // and of the Runtime API
  ErrorShape identity = foreign_to_identity;  // of IAM and STS: Query codes alone
};

// Statuses and codes as the services give them: nearly all 400.
constexpr std::array rows{
    Row{.code = ErrorCode::queue_does_not_exist,
        .sqs = {400, "com.amazonaws.sqs#QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue"}},
    Row{.code = ErrorCode::invalid_address,
        .sqs = {404, "com.amazonaws.sqs#InvalidAddress", "InvalidAddress"}},
    Row{.code = ErrorCode::queue_name_exists,
        .sqs = {400, "com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists"}},
    Row{.code = ErrorCode::queue_deleted_recently,
        .sqs = {400, "com.amazonaws.sqs#QueueDeletedRecently",
                "AWS.SimpleQueueService.QueueDeletedRecently"}},
    Row{.code = ErrorCode::invalid_parameter_value,
        .sqs = {400, "com.amazon.coral.service#InvalidParameterValueException",
                "InvalidParameterValue"},
        .identity = {400, {}, "InvalidInput"}},
    Row{.code = ErrorCode::missing_parameter,
        .sqs = {400, "com.amazon.coral.service#MissingRequiredParameterException",
                "MissingParameter"}},
    Row{.code = ErrorCode::invalid_attribute_name,
        .sqs = {400, "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName"}},
    Row{.code = ErrorCode::invalid_attribute_value,
        .sqs = {400, "com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue"}},
    Row{.code = ErrorCode::invalid_message_contents,
        .sqs = {400, "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents"}},
    Row{.code = ErrorCode::receipt_handle_is_invalid,
        .sqs = {400, "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"}},
    Row{.code = ErrorCode::message_not_inflight,
        .sqs = {400, "com.amazonaws.sqs#MessageNotInflight",
                "AWS.SimpleQueueService.MessageNotInflight"}},
    Row{.code = ErrorCode::over_limit, .sqs = {403, "com.amazonaws.sqs#OverLimit", "OverLimit"}},
    Row{.code = ErrorCode::purge_queue_in_progress,
        .sqs = {403, "com.amazonaws.sqs#PurgeQueueInProgress",
                "AWS.SimpleQueueService.PurgeQueueInProgress"}},
    Row{.code = ErrorCode::unsupported_operation,
        .sqs = {400, "com.amazonaws.sqs#UnsupportedOperation",
                "AWS.SimpleQueueService.UnsupportedOperation"}},
    Row{.code = ErrorCode::batch_entry_ids_not_distinct,
        .sqs = {400, "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"}},
    Row{.code = ErrorCode::batch_request_too_long,
        .sqs = {400, "com.amazonaws.sqs#BatchRequestTooLong",
                "AWS.SimpleQueueService.BatchRequestTooLong"}},
    Row{.code = ErrorCode::empty_batch_request,
        .sqs = {400, "com.amazonaws.sqs#EmptyBatchRequest",
                "AWS.SimpleQueueService.EmptyBatchRequest"}},
    Row{.code = ErrorCode::invalid_batch_entry_id,
        .sqs = {400, "com.amazonaws.sqs#InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId"}},
    Row{.code = ErrorCode::too_many_entries_in_batch_request,
        .sqs = {400, "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"}},
    Row{.code = ErrorCode::validation,
        .events = {400, "ValidationException"},
        .lambda = {400, "ValidationException"}},
    Row{.code = ErrorCode::resource_not_found,
        .sqs = {404, "com.amazonaws.sqs#ResourceNotFoundException", "ResourceNotFoundException"},
        .events = {400, "ResourceNotFoundException"},
        .scheduler = {404, "ResourceNotFoundException"},
        .schemas = {404, "NotFoundException"},
        .lambda = {404, "ResourceNotFoundException"},
        .identity = {404, {}, "NoSuchEntity"}},
    Row{.code = ErrorCode::resource_already_exists,
        .events = {400, "ResourceAlreadyExistsException"},
        .lambda = {409, "ResourceConflictException"},
        .identity = {409, {}, "EntityAlreadyExists"}},
    Row{.code = ErrorCode::invalid_event_pattern, .events = {400, "InvalidEventPatternException"}},
    Row{.code = ErrorCode::limit_exceeded,
        .events = {400, "LimitExceededException"},
        .schemas = {403, "ForbiddenException"},
        .identity = {409, {}, "LimitExceeded"}},
    Row{.code = ErrorCode::policy_length_exceeded,
        .events = {400, "PolicyLengthExceededException"},
        .lambda = {400, "PolicyLengthExceededException"}},
    Row{.code = ErrorCode::concurrent_modification,
        .events = {400, "ConcurrentModificationException"}},
    Row{.code = ErrorCode::managed_rule, .events = {400, "ManagedRuleException"}},
    Row{.code = ErrorCode::illegal_status, .events = {400, "IllegalStatusException"}},
    Row{.code = ErrorCode::operation_disabled, .events = {400, "OperationDisabledException"}},
    Row{.code = ErrorCode::invalid_state, .events = {400, "InvalidStateException"}},
    Row{.code = ErrorCode::serialization,
        .sqs = {400, "com.amazon.coral.service#SerializationException", "MalformedInput",
                Fault::sender, false},
        .events = {400, "SerializationException"},
        .scheduler = {400, "SerializationException"},
        .lambda = {400, "SerializationException"},
        .identity = {400, {}, "MalformedInput"}},
    Row{.code = ErrorCode::unknown_operation,
        .sqs = {400, "com.amazon.coral.service#UnknownOperationException", "InvalidAction",
                Fault::sender, false},
        .events = {400, "UnknownOperationException"},
        .scheduler = {404, "UnknownOperationException"},
        .schemas = {404, "NotFoundException"},
        .lambda = {404, "UnknownOperationException"},
        .identity = {400, {}, "InvalidAction"}},
    Row{.code = ErrorCode::throttled,
        .sqs = {403, "com.amazonaws.sqs#RequestThrottled", "RequestThrottled"},
        .events = {400, "ThrottlingException"},
        .scheduler = {429, "ThrottlingException"},
        .schemas = {429, "TooManyRequestsException"},
        .lambda = {429, "TooManyRequestsException"},
        .identity = {400, {}, "Throttling"}},
    Row{.code = ErrorCode::service_unavailable,
        .sqs = {503, "com.amazon.coral.service#ServiceUnavailableException", "ServiceUnavailable",
                receiver},
        .events = {503, "ServiceUnavailableException", {}, receiver},
        .scheduler = {503, "ServiceUnavailableException", {}, receiver},
        .schemas = {503, "ServiceUnavailableException", {}, receiver},
        .lambda = {503, "ServiceException", {}, receiver},
        .identity = {503, {}, "ServiceUnavailable", receiver}},
    Row{.code = ErrorCode::internal_failure,
        .sqs = {500, "com.amazon.coral.service#InternalFailure", "InternalFailure", receiver},
        .events = {500, "InternalException", {}, receiver},
        .scheduler = {500, "InternalServerException", {}, receiver},
        .schemas = {500, "InternalServerErrorException", {}, receiver},
        .lambda = {500, "ServiceException", {}, receiver},
        .identity = {500, {}, "ServiceFailure", receiver}},
    Row{.code = ErrorCode::access_denied,
        .sqs = {403, "com.amazon.coral.service#AccessDeniedException", "AccessDenied"},
        .events = {400, "AccessDeniedException"},
        .scheduler = {403, "AccessDeniedException"},
        .schemas = {403, "ForbiddenException"},
        .lambda = {403, "AccessDeniedException"},
        .identity = {403, {}, "AccessDenied"}},
    Row{.code = ErrorCode::conflict,
        .scheduler = {409, "ConflictException"},
        .schemas = {409, "ConflictException"},
        .lambda = {409, "ResourceConflictException"},
        .identity = {409, {}, "DeleteConflict"}},
    Row{.code = ErrorCode::gone, .schemas = {410, "GoneException"}},
    Row{.code = ErrorCode::precondition_failed,
        .schemas = {412, "PreconditionFailedException"},
        .lambda = {412, "PreconditionFailedException"}},
    Row{.code = ErrorCode::malformed_policy_document,
        .identity = {400, {}, "MalformedPolicyDocument"}},
    Row{.code = ErrorCode::invalid_request_content,
        .lambda = {400, "InvalidRequestContentException"}},
    Row{.code = ErrorCode::request_too_large, .lambda = {413, "RequestTooLargeException"}},
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
    case Service::schemas: return row.schemas;
    case Service::lambda:
    case Service::runtime: return row.lambda;
    case Service::iam:
    case Service::sts: break;
  }
  return row.identity;
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

namespace {

// The Runtime API's errors have the form of a function's.
void append_function_error(std::string_view type, std::string_view message, std::string& out) {
  out += R"({"errorMessage":)";
  append_json_string(out, message);
  out += R"(,"errorType":)";
  append_json_string(out, type);
  out += '}';
}

// As Lambda's model has it, member by member.
std::string_view message_member(Service service, const ErrorShape& shape) {
  const bool is_small = service == Service::lambda && shape.fault == Fault::sender &&
                        shape.type != "ResourceNotFoundException";
  return is_small ? R"("message":)" : R"("Message":)";
}

}  // namespace

ErrorReply rest_error(Service service, const broker::Error& error) {
  const ErrorShape shape = error_shape(service, error.code);
  ErrorReply reply{.status = shape.status, .error_type = shape.type};
  if (service == Service::runtime) {
    append_function_error(shape.type, error.message, reply.body);
    return reply;
  }
  reply.body = "{";
  if (service == Service::lambda) {
    reply.body += shape.fault == Fault::sender ? R"("Type":"User",)" : R"("Type":"Service",)";
  }
  if (service == Service::schemas) {
    reply.body += R"("Code":)";
    append_json_string(reply.body, shape.type);
    reply.body += ',';
  }
  reply.body += message_member(service, shape);
  append_json_string(reply.body, error.message);
  reply.body += '}';
  return reply;
}

ErrorReply query_error(Service service, const broker::Error& error, std::string_view request_id) {
  const ErrorShape shape = error_shape(service, error.code);
  const QueryDialect& dialect = query_dialect(service);
  ErrorReply reply{.status = shape.status, .body = {}, .query_error = {}};
  std::string& out = reply.body;
  out = R"(<?xml version="1.0"?><ErrorResponse xmlns=")";
  out += dialect.xml_namespace;
  out += R"("><Error>)";
  append_xml_element(out, "Type", fault_name(shape.fault));
  append_xml_element(out, "Code", shape.query_code);
  append_xml_element(out, "Message", query_message(error));
  out += dialect.has_error_detail ? "<Detail/></Error>" : "</Error>";
  append_xml_element(out, "RequestId", request_id);
  out += "</ErrorResponse>";
  return reply;
}

}  // namespace signalbox::protocol
