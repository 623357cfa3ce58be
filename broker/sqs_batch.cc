#include "broker/sqs_batch.h"

namespace signalbox::broker {

std::string batch_error_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::missing_parameter: return "MissingParameter";
    case ErrorCode::invalid_message_contents: return "InvalidMessageContents";
    case ErrorCode::receipt_handle_is_invalid: return "ReceiptHandleIsInvalid";
    case ErrorCode::unsupported_operation: return "AWS.SimpleQueueService.UnsupportedOperation";
    case ErrorCode::message_not_inflight: return "AWS.SimpleQueueService.MessageNotInflight";
    default: return "InvalidParameterValue";
  }
}

bool is_batch_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= 80 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace signalbox::broker
