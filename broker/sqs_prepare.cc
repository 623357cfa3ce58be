// What SendMessage, DeleteMessage and their batches need on the io thread: the service's checks of
// a message's own contents, its digests, its encoded record, and the seal of receipt handles.
#include <fmt/format.h>

#include <algorithm>

#include "broker/api/events.h"
#include "broker/deduplication.h"
#include "broker/md5.h"
#include "broker/message_record.h"
#include "broker/peek.h"
#include "broker/prepare.h"
#include "broker/queue_attributes.h"

namespace signalbox::broker {

namespace {

constexpr std::size_t attribute_count_max = 10;

Error bad_value(std::string message) {
  return {ErrorCode::invalid_parameter_value, std::move(message)};
}

// The code point at the start of text and its length in bytes; the text is valid UTF-8 already.
char32_t code_point(std::string_view text, std::size_t& length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return length = 1, byte(0);
  if (byte(0) < 0xe0) return length = 2, (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
  if (byte(0) < 0xf0) {
    return length = 3, (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
  }
  return length = 4,
         (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
}

// The first character SQS does not allow: all but #x9 #xA #xD, #x20-#xD7FF, #xE000-#xFFFD and
// #x10000-#x10FFFF. Surrogates cannot occur in UTF-8, so two kinds remain.
std::optional<char32_t> disallowed_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != 0x9 && byte != 0xA && byte != 0xD) return byte;
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    if (byte == 0xEF && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0xBF &&
        static_cast<unsigned char>(text[i + 2]) >= 0xBE) {
      std::size_t length = 0;
      return code_point(text.substr(i), length);
    }
  }
  return std::nullopt;
}

std::optional<Error> check_characters(std::string_view text, std::string_view where) {
  const auto bad = disallowed_character(text);
  if (!bad) return std::nullopt;
  return Error{ErrorCode::invalid_message_contents,
               fmt::format("Invalid binary character '#x{:X}' was found in the {}, the set of "
                           "allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to "
                           "#xFFFD | #x10000 to #x10FFFF",
                           static_cast<std::uint32_t>(*bad), where)};
}

bool is_attribute_name(std::string_view name) {
  if (name.empty() || name.size() > 256 || name.front() == '.' || name.back() == '.') return false;
  if (name.find("..") != std::string_view::npos) return false;
  return api::is_name(name);
}

bool has_reserved_prefix(std::string_view name) {
  std::string lower(name.substr(0, 7));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  return lower.starts_with("aws.") || lower.starts_with("amazon.");
}

bool is_number(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  const std::string copy(text);
  char* end = nullptr;
  std::strtod(copy.c_str(), &end);
  const bool decimal = copy.find_first_not_of("0123456789+-.eE") == std::string::npos;
  return decimal && end == copy.c_str() + copy.size();
}

std::optional<Error> check_value(std::string_view name, const api::MessageAttributeValue& value) {
  const std::string_view type = value.data_type;
  const std::string_view base = type.substr(0, type.find('.'));
  if (type.empty()) {
    return bad_value(fmt::format(
        "The message attribute '{}' must contain non-empty message attribute type.", name));
  }
  if (base != "String" && base != "Number" && base != "Binary") {
    return bad_value(
        fmt::format("The message attribute '{}' has an invalid message attribute "
                    "type, the set of supported type prefixes is Binary, Number, and "
                    "String.",
                    name));
  }
  if (value.string_list_values && !value.string_list_values->empty()) {
    return Error{ErrorCode::unsupported_operation,
                 "Message attribute list values in SendMessage operation are not supported."};
  }
  if (value.binary_list_values && !value.binary_list_values->empty()) {
    return Error{ErrorCode::unsupported_operation,
                 "Message attribute list values in SendMessage operation are not supported."};
  }
  const bool binary = base == "Binary";
  const bool empty = binary ? !value.binary_value || value.binary_value->bytes.empty()
                            : !value.string_value || value.string_value->empty();
  if (empty) {
    return bad_value(fmt::format(
        "Message (user) attribute '{}' must contain a non-empty value of type '{}'.", name, base));
  }
  if (base == "Number" && !is_number(*value.string_value)) {
    return bad_value(
        fmt::format("Can't cast the value of message (user) attribute '{}' to a number.", name));
  }
  if (!binary) return check_characters(*value.string_value, "message attributes");
  return std::nullopt;
}

std::optional<Error> check_attributes(const api::MessageAttributeMap& attributes) {
  if (attributes.size() > attribute_count_max) {
    return bad_value(
        fmt::format("Number of message attributes [{}] exceeds the allowed maximum "
                    "[{}].",
                    attributes.size(), attribute_count_max));
  }
  for (const auto& [name, value] : attributes) {
    if (!is_attribute_name(name) || has_reserved_prefix(name)) {
      return bad_value(
          fmt::format("Message (user) attribute name '{}' is invalid. It must be 1 to "
                      "256 of A-Z a-z 0-9 _ - . without leading, trailing or double "
                      "periods and must not start with AWS. or Amazon.",
                      name));
    }
    if (auto error = check_value(name, value)) return error;
  }
  return std::nullopt;
}

std::optional<Error> check_system_attributes(const api::MessageAttributeMap& attributes) {
  for (const auto& [name, value] : attributes) {
    if (name != "AWSTraceHeader") {
      return bad_value(fmt::format("Message system attribute name '{}' is invalid.", name));
    }
    if (auto error = check_value(name, value)) return error;
  }
  return std::nullopt;
}

bool is_system_attribute(std::string_view name) {
  constexpr std::string_view names[] = {"All",
                                        "SenderId",
                                        "SentTimestamp",
                                        "ApproximateReceiveCount",
                                        "SequenceNumber",
                                        "MessageGroupId",
                                        "AWSTraceHeader",
                                        "ApproximateFirstReceiveTimestamp",
                                        "MessageDeduplicationId",
                                        "DeadLetterQueueSourceArn"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_group_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<Error> check_id(std::string_view name, const std::optional<std::string>& id) {
  if (!id || is_group_id(*id)) return std::nullopt;
  return bad_value(
      fmt::format("Value {} for parameter {} is invalid. Reason: {} can only include "
                  "alphanumeric and punctuation characters. 1 to 128 in length.",
                  *id, name, name));
}

// Request is a SendMessageRequest or a batch entry: the members have the same names.
template <class Request>
std::optional<Error> check_contents(const Request& request) {
  if (request.message_body.empty()) {
    return Error{ErrorCode::missing_parameter,
                 "The request must contain the parameter MessageBody."};
  }
  if (auto error = check_characters(request.message_body, "message body")) return error;
  if (auto error = check_attributes(request.message_attributes)) return error;
  if (auto error = check_system_attributes(request.message_system_attributes)) return error;
  if (auto error = check_id("MessageGroupId", request.message_group_id)) return error;
  return check_id("MessageDeduplicationId", request.message_deduplication_id);
}

template <class Request>
void prepare_contents(Request& request, PrepareContext& context) {
  auto& prepared = request.prepared;
  prepared.size_bytes = message_bytes(request.message_body, request.message_attributes);
  prepared.refused = check_contents(request);
  if (prepared.refused) return;
  MessageRecord record;
  record.id = prepared.id = context.ids.uuid();
  record.body_md5 = md5_of(request.message_body);
  record.sender_id = context.caller.account;
  record.trace_header = context.caller.trace_header;
  record.group_id = request.message_group_id.value_or("");
  record.deduplication_id = request.message_deduplication_id.value_or("");
  if (request.message_group_id && !request.message_deduplication_id) {
    prepared.content_deduplication_id = content_deduplication_id(request.message_body);
  }
  prepared.md5_of_body = hex(record.body_md5);
  if (!request.message_attributes.empty()) {
    prepared.md5_of_attributes = hex(md5_of(request.message_attributes));
    record.attributes = request.message_attributes;
  }
  if (const auto& system = request.message_system_attributes; !system.empty()) {
    prepared.md5_of_system_attributes = hex(md5_of(system));
    record.trace_header = system.begin()->second.string_value.value_or("");
  }
  prepared.head = encode_message_head(record);
}

// Request is anything with a receipt handle.
template <class Request>
Status open_one(Request& request, const PrepareContext& context) {
  request.opened = open_handle(request.receipt_handle, context.handle_key);
  return ok();
}

template <class BatchRequest>
Status open_each(BatchRequest& request, const PrepareContext& context) {
  for (auto& entry : request.entries) {
    SIGNALBOX_TRY(open_one(entry, context));
  }
  return ok();
}

}  // namespace

Status prepare(api::SendMessageRequest& request, PrepareContext& context) {
  prepare_contents(request, context);
  if (request.prepared.refused) return *request.prepared.refused;
  return ok();
}

Status prepare(api::SendMessageBatchRequest& request, PrepareContext& context) {
  for (auto& entry : request.entries) prepare_contents(entry, context);
  return ok();
}

Status prepare(api::ReceiveMessageRequest& request, PrepareContext&) {
  if (auto error = check_id("ReceiveRequestAttemptId", request.receive_request_attempt_id)) {
    return *std::move(error);
  }
  // The old member also takes the names of queue attributes, to no effect.
  for (const auto& name : request.attribute_names) {
    if (!is_system_attribute(name) && find_attribute(name) == nullptr) {
      return Error{ErrorCode::invalid_attribute_name, fmt::format("Unknown Attribute {}.", name)};
    }
  }
  for (const auto& name : request.message_system_attribute_names) {
    if (!is_system_attribute(name)) {
      return Error{ErrorCode::invalid_attribute_name, fmt::format("Unknown Attribute {}.", name)};
    }
  }
  return ok();
}

Status prepare(api::DeleteMessageRequest& request, PrepareContext& context) {
  return open_one(request, context);
}

Status prepare(api::DeleteMessageBatchRequest& request, PrepareContext& context) {
  return open_each(request, context);
}

Status prepare(api::ChangeMessageVisibilityRequest& request, PrepareContext& context) {
  return open_one(request, context);
}

Status prepare(api::ChangeMessageVisibilityBatchRequest& request, PrepareContext& context) {
  return open_each(request, context);
}

Status prepare(api::EditMessageRequest& request, PrepareContext& context) {
  request.new_id = context.ids.uuid();
  if (!request.body) return ok();
  if (request.body->empty()) {
    return Error{ErrorCode::missing_parameter, "body is empty, and no message may be."};
  }
  if (auto error = check_characters(*request.body, "body")) return *std::move(error);
  request.body_md5 = md5_of(*request.body);
  return ok();
}

}  // namespace signalbox::broker
