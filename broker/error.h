// Every way an operation can refuse, in the services' own words. What each looks like on the wire
// (status, JSON shape, Query code, fault) is one row in protocol/error_table.cc.
#pragma once

#include <cstdint>
#include <string>

namespace signalbox::broker {

enum class ErrorCode : std::uint8_t {
  // SQS
  queue_does_not_exist,
  invalid_address,
  queue_name_exists,
  queue_deleted_recently,
  invalid_parameter_value,
  missing_parameter,
  invalid_attribute_name,
  invalid_attribute_value,
  invalid_message_contents,
  receipt_handle_is_invalid,
  message_not_inflight,
  over_limit,
  purge_queue_in_progress,
  unsupported_operation,
  batch_entry_ids_not_distinct,
  batch_request_too_long,
  empty_batch_request,
  invalid_batch_entry_id,
  too_many_entries_in_batch_request,
  // EventBridge
  validation,
  resource_not_found,
  resource_already_exists,
  invalid_event_pattern,
  limit_exceeded,
  policy_length_exceeded,
  concurrent_modification,
  managed_rule,
  illegal_status,
  operation_disabled,
  invalid_state,
  // any service
  serialization,  // the body is not what the protocol promises
  unknown_operation,
  throttled,            // the commit queue is full: try again
  service_unavailable,  // the store accepts no writes now
  internal_failure,     // the outcome is unknown: the write or its sync failed
  access_denied,
  // Scheduler and Schemas
  conflict,
  gone,                 // it was there, and was deleted
  precondition_failed,  // the revision named is not the latest
  // IAM
  malformed_policy_document,
  // Lambda
  invalid_request_content,  // an invocation's payload is no JSON
  request_too_large,
};

struct Error {
  ErrorCode code;
  std::string message;
};

}  // namespace signalbox::broker
