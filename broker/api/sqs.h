// The SQS operations' requests and responses, as botocore 1.44.8's model describes them.
//
// The model marks members as required but states no ranges; broker/sqs_*.cc checks those, with the
// service's own texts. Members the codecs must not see stand after fields().
#pragma once

#include <memory>

#include "broker/api/fields.h"
#include "broker/message.h"
#include "broker/receipt_handle.h"

namespace signalbox::broker::api {

constexpr Traits attribute_list{.query_name = "AttributeName"};
constexpr Traits attribute_map{.query_name = "Attribute"};
constexpr Traits tag_map{.query_name = "Tag", .query_key = "Key"};
constexpr Traits required = required_member;

struct MessageAttributeValue {
  std::optional<std::string> string_value;
  std::optional<Blob> binary_value;
  std::optional<StringList> string_list_values;
  std::optional<std::vector<Blob>> binary_list_values;
  std::string data_type;
  static constexpr auto fields() {
    using T = MessageAttributeValue;
    return std::tuple{
        field("StringValue", &T::string_value), field("BinaryValue", &T::binary_value),
        field("StringListValues", &T::string_list_values, {.query_name = "StringListValue"}),
        field("BinaryListValues", &T::binary_list_values, {.query_name = "BinaryListValue"}),
        field("DataType", &T::data_type, required)};
  }
};
using MessageAttributeMap = std::map<std::string, MessageAttributeValue>;

struct BatchResultErrorEntry {
  std::string id;
  bool sender_fault = true;
  std::string code;
  std::optional<std::string> message;
  static constexpr auto fields() {
    using T = BatchResultErrorEntry;
    return std::tuple{field("Id", &T::id), field("SenderFault", &T::sender_fault),
                      field("Code", &T::code), field("Message", &T::message)};
  }
};
constexpr Traits failed_list{.query_name = "BatchResultErrorEntry"};

// ---- queues ----

struct CreateQueueRequest {
  std::string queue_name;
  StringMap attributes;
  StringMap tags;
  static constexpr auto fields() {
    using T = CreateQueueRequest;
    return std::tuple{field("QueueName", &T::queue_name, required),
                      field("Attributes", &T::attributes, attribute_map),
                      field("tags", &T::tags, tag_map)};
  }
};
struct CreateQueueResponse {
  std::string queue_url;
  static constexpr auto fields() {
    return std::tuple{field("QueueUrl", &CreateQueueResponse::queue_url)};
  }
};

struct GetQueueUrlRequest {
  std::string queue_name;
  std::optional<std::string> queue_owner_aws_account_id;
  static constexpr auto fields() {
    using T = GetQueueUrlRequest;
    return std::tuple{field("QueueName", &T::queue_name, required),
                      field("QueueOwnerAWSAccountId", &T::queue_owner_aws_account_id)};
  }
};
struct GetQueueUrlResponse {
  std::string queue_url;
  static constexpr auto fields() {
    return std::tuple{field("QueueUrl", &GetQueueUrlResponse::queue_url)};
  }
};

struct ListQueuesRequest {
  std::optional<std::string> queue_name_prefix;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> max_results;
  static constexpr auto fields() {
    using T = ListQueuesRequest;
    return std::tuple{field("QueueNamePrefix", &T::queue_name_prefix),
                      field("NextToken", &T::next_token), field("MaxResults", &T::max_results)};
  }
};
struct ListQueuesResponse {
  std::optional<std::string> next_token;
  std::optional<StringList> queue_urls;  // absent when there are none
  static constexpr auto fields() {
    using T = ListQueuesResponse;
    return std::tuple{field("NextToken", &T::next_token),
                      field("QueueUrls", &T::queue_urls, {.query_name = "QueueUrl"})};
  }
};

struct GetQueueAttributesRequest {
  std::string queue_url;
  StringList attribute_names;
  static constexpr auto fields() {
    using T = GetQueueAttributesRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("AttributeNames", &T::attribute_names, attribute_list)};
  }
};
struct GetQueueAttributesResponse {
  std::optional<StringMap> attributes;
  static constexpr auto fields() {
    return std::tuple{field("Attributes", &GetQueueAttributesResponse::attributes, attribute_map)};
  }
};

struct SetQueueAttributesRequest {
  std::string queue_url;
  StringMap attributes;
  static constexpr auto fields() {
    using T = SetQueueAttributesRequest;
    return std::tuple{
        field("QueueUrl", &T::queue_url, required),
        field("Attributes", &T::attributes, {.required = true, .query_name = "Attribute"})};
  }
};

struct DeleteQueueRequest {
  std::string queue_url;
  static constexpr auto fields() {
    return std::tuple{field("QueueUrl", &DeleteQueueRequest::queue_url, required)};
  }
};

struct PurgeQueueRequest {
  std::string queue_url;
  static constexpr auto fields() {
    return std::tuple{field("QueueUrl", &PurgeQueueRequest::queue_url, required)};
  }
};

struct AddPermissionRequest {
  std::string queue_url;
  std::string label;
  StringList aws_account_ids;
  StringList actions;
  static constexpr auto fields() {
    using T = AddPermissionRequest;
    return std::tuple{
        field("QueueUrl", &T::queue_url, required), field("Label", &T::label, required),
        field("AWSAccountIds", &T::aws_account_ids,
              {.required = true, .query_name = "AWSAccountId"}),
        field("Actions", &T::actions, {.required = true, .query_name = "ActionName"})};
  }
};

struct RemovePermissionRequest {
  std::string queue_url;
  std::string label;
  static constexpr auto fields() {
    using T = RemovePermissionRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("Label", &T::label, required)};
  }
};

struct ListDeadLetterSourceQueuesRequest {
  std::string queue_url;
  std::optional<std::string> next_token;
  std::optional<std::int64_t> max_results;
  static constexpr auto fields() {
    using T = ListDeadLetterSourceQueuesRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("NextToken", &T::next_token), field("MaxResults", &T::max_results)};
  }
};
struct ListDeadLetterSourceQueuesResponse {
  StringList queue_urls;  // there when empty, too
  std::optional<std::string> next_token;
  static constexpr auto fields() {
    using T = ListDeadLetterSourceQueuesResponse;
    return std::tuple{field("queueUrls", &T::queue_urls, {.query_name = "QueueUrl"}),
                      field("NextToken", &T::next_token)};
  }
};

struct StartMessageMoveTaskRequest {
  std::string source_arn;
  std::optional<std::string> destination_arn;
  std::optional<std::int64_t> max_number_of_messages_per_second;
  static constexpr auto fields() {
    using T = StartMessageMoveTaskRequest;
    return std::tuple{field("SourceArn", &T::source_arn, required),
                      field("DestinationArn", &T::destination_arn),
                      field("MaxNumberOfMessagesPerSecond", &T::max_number_of_messages_per_second)};
  }
};
struct StartMessageMoveTaskResponse {
  std::string task_handle;
  static constexpr auto fields() {
    return std::tuple{field("TaskHandle", &StartMessageMoveTaskResponse::task_handle)};
  }
};

struct ListMessageMoveTasksRequest {
  std::string source_arn;
  std::optional<std::int64_t> max_results;
  static constexpr auto fields() {
    using T = ListMessageMoveTasksRequest;
    return std::tuple{field("SourceArn", &T::source_arn, required),
                      field("MaxResults", &T::max_results)};
  }
};
struct ListMessageMoveTasksResultEntry {
  std::optional<std::string> task_handle;  // of running tasks only
  std::string status;
  std::string source_arn;
  std::optional<std::string> destination_arn;
  std::optional<std::int64_t> max_number_of_messages_per_second;
  std::int64_t approximate_number_of_messages_moved = 0;
  std::optional<std::int64_t> approximate_number_of_messages_to_move;
  std::optional<std::string> failure_reason;
  std::int64_t started_timestamp = 0;  // epoch milliseconds
  static constexpr auto fields() {
    using T = ListMessageMoveTasksResultEntry;
    return std::tuple{
        field("TaskHandle", &T::task_handle),
        field("Status", &T::status),
        field("SourceArn", &T::source_arn),
        field("DestinationArn", &T::destination_arn),
        field("MaxNumberOfMessagesPerSecond", &T::max_number_of_messages_per_second),
        field("ApproximateNumberOfMessagesMoved", &T::approximate_number_of_messages_moved),
        field("ApproximateNumberOfMessagesToMove", &T::approximate_number_of_messages_to_move),
        field("FailureReason", &T::failure_reason),
        field("StartedTimestamp", &T::started_timestamp)};
  }
};
struct ListMessageMoveTasksResponse {
  std::vector<ListMessageMoveTasksResultEntry> results;  // there when empty, too
  static constexpr auto fields() {
    return std::tuple{field("Results", &ListMessageMoveTasksResponse::results)};
  }
};

struct CancelMessageMoveTaskRequest {
  std::string task_handle;
  static constexpr auto fields() {
    return std::tuple{field("TaskHandle", &CancelMessageMoveTaskRequest::task_handle, required)};
  }
};
struct CancelMessageMoveTaskResponse {
  std::int64_t approximate_number_of_messages_moved = 0;
  static constexpr auto fields() {
    return std::tuple{field("ApproximateNumberOfMessagesMoved",
                            &CancelMessageMoveTaskResponse::approximate_number_of_messages_moved)};
  }
};

struct TagQueueRequest {
  std::string queue_url;
  StringMap tags;
  static constexpr auto fields() {
    using T = TagQueueRequest;
    return std::tuple{
        field("QueueUrl", &T::queue_url, required),
        field("Tags", &T::tags, {.required = true, .query_name = "Tag", .query_key = "Key"})};
  }
};

struct UntagQueueRequest {
  std::string queue_url;
  StringList tag_keys;
  static constexpr auto fields() {
    using T = UntagQueueRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("TagKeys", &T::tag_keys, {.required = true, .query_name = "TagKey"})};
  }
};

struct ListQueueTagsRequest {
  std::string queue_url;
  static constexpr auto fields() {
    return std::tuple{field("QueueUrl", &ListQueueTagsRequest::queue_url, required)};
  }
};
struct ListQueueTagsResponse {
  std::optional<StringMap> tags;
  static constexpr auto fields() {
    return std::tuple{field("Tags", &ListQueueTagsResponse::tags, tag_map)};
  }
};

// ---- sending ----

struct SendMessageRequest {
  std::string queue_url;
  std::string message_body;
  std::optional<std::int64_t> delay_seconds;
  MessageAttributeMap message_attributes;
  MessageAttributeMap message_system_attributes;
  std::optional<std::string> message_deduplication_id;
  std::optional<std::string> message_group_id;
  static constexpr auto fields() {
    using T = SendMessageRequest;
    return std::tuple{
        field("QueueUrl", &T::queue_url, required),
        field("MessageBody", &T::message_body, required),
        field("DelaySeconds", &T::delay_seconds),
        field("MessageAttributes", &T::message_attributes, {.query_name = "MessageAttribute"}),
        field("MessageSystemAttributes", &T::message_system_attributes,
              {.query_name = "MessageSystemAttribute"}),
        field("MessageDeduplicationId", &T::message_deduplication_id),
        field("MessageGroupId", &T::message_group_id)};
  }
  PreparedMessage prepared;  // made on the io thread
};
struct SendMessageResponse {
  std::string md5_of_message_body;
  std::optional<std::string> md5_of_message_attributes;
  std::optional<std::string> md5_of_message_system_attributes;
  std::string message_id;
  std::optional<std::string> sequence_number;
  static constexpr auto fields() {
    using T = SendMessageResponse;
    return std::tuple{field("MD5OfMessageBody", &T::md5_of_message_body),
                      field("MD5OfMessageAttributes", &T::md5_of_message_attributes),
                      field("MD5OfMessageSystemAttributes", &T::md5_of_message_system_attributes),
                      field("MessageId", &T::message_id),
                      field("SequenceNumber", &T::sequence_number)};
  }
};

struct SendMessageBatchRequestEntry {
  std::string id;
  std::string message_body;
  std::optional<std::int64_t> delay_seconds;
  MessageAttributeMap message_attributes;
  MessageAttributeMap message_system_attributes;
  std::optional<std::string> message_deduplication_id;
  std::optional<std::string> message_group_id;
  static constexpr auto fields() {
    using T = SendMessageBatchRequestEntry;
    return std::tuple{
        field("Id", &T::id, required),
        field("MessageBody", &T::message_body, required),
        field("DelaySeconds", &T::delay_seconds),
        field("MessageAttributes", &T::message_attributes, {.query_name = "MessageAttribute"}),
        field("MessageSystemAttributes", &T::message_system_attributes,
              {.query_name = "MessageSystemAttribute"}),
        field("MessageDeduplicationId", &T::message_deduplication_id),
        field("MessageGroupId", &T::message_group_id)};
  }
  PreparedMessage prepared;
};
struct SendMessageBatchRequest {
  std::string queue_url;
  std::vector<SendMessageBatchRequestEntry> entries;
  static constexpr auto fields() {
    using T = SendMessageBatchRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("Entries", &T::entries,
                            {.required = true, .query_name = "SendMessageBatchRequestEntry"})};
  }
};
struct SendMessageBatchResultEntry {
  std::string id;
  std::string message_id;
  std::string md5_of_message_body;
  std::optional<std::string> md5_of_message_attributes;
  std::optional<std::string> md5_of_message_system_attributes;
  std::optional<std::string> sequence_number;
  static constexpr auto fields() {
    using T = SendMessageBatchResultEntry;
    return std::tuple{field("Id", &T::id),
                      field("MessageId", &T::message_id),
                      field("MD5OfMessageBody", &T::md5_of_message_body),
                      field("MD5OfMessageAttributes", &T::md5_of_message_attributes),
                      field("MD5OfMessageSystemAttributes", &T::md5_of_message_system_attributes),
                      field("SequenceNumber", &T::sequence_number)};
  }
};
struct SendMessageBatchResponse {
  std::optional<std::vector<SendMessageBatchResultEntry>> successful;
  std::optional<std::vector<BatchResultErrorEntry>> failed;
  static constexpr auto fields() {
    using T = SendMessageBatchResponse;
    return std::tuple{
        field("Successful", &T::successful, {.query_name = "SendMessageBatchResultEntry"}),
        field("Failed", &T::failed, failed_list)};
  }
};

// ---- receiving ----

struct ReceiveMessageRequest {
  std::string queue_url;
  StringList attribute_names;
  StringList message_system_attribute_names;
  StringList message_attribute_names;
  std::optional<std::int64_t> max_number_of_messages;
  std::optional<std::int64_t> visibility_timeout;
  std::optional<std::int64_t> wait_time_seconds;
  std::optional<std::string> receive_request_attempt_id;
  static constexpr auto fields() {
    using T = ReceiveMessageRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("AttributeNames", &T::attribute_names, attribute_list),
                      field("MessageSystemAttributeNames", &T::message_system_attribute_names,
                            {.query_name = "MessageSystemAttributeName"}),
                      field("MessageAttributeNames", &T::message_attribute_names,
                            {.query_name = "MessageAttributeName"}),
                      field("MaxNumberOfMessages", &T::max_number_of_messages),
                      field("VisibilityTimeout", &T::visibility_timeout),
                      field("WaitTimeSeconds", &T::wait_time_seconds),
                      field("ReceiveRequestAttemptId", &T::receive_request_attempt_id)};
  }
};
struct Message {
  std::string message_id;
  std::string receipt_handle;
  std::string md5_of_body;
  std::string body;
  std::optional<StringMap> attributes;
  std::optional<std::string> md5_of_message_attributes;
  std::optional<MessageAttributeMap> message_attributes;
  static constexpr auto fields() {
    using T = Message;
    return std::tuple{
        field("MessageId", &T::message_id),
        field("ReceiptHandle", &T::receipt_handle),
        field("MD5OfBody", &T::md5_of_body),
        field("Body", &T::body),
        field("Attributes", &T::attributes, attribute_map),
        field("MD5OfMessageAttributes", &T::md5_of_message_attributes),
        field("MessageAttributes", &T::message_attributes, {.query_name = "MessageAttribute"})};
  }
};
struct ReceiveMessageResponse {
  std::optional<std::vector<Message>> messages;  // absent when there are none
  static constexpr auto fields() {
    return std::tuple{
        field("Messages", &ReceiveMessageResponse::messages, {.query_name = "Message"})};
  }
  // Where the bodies are; the io thread fills messages from them.
  std::vector<HandedOut> handed_out;
};

struct DeleteMessageRequest {
  std::string queue_url;
  std::string receipt_handle;
  static constexpr auto fields() {
    using T = DeleteMessageRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("ReceiptHandle", &T::receipt_handle, required)};
  }
  std::optional<ReceiptHandle> opened;  // checked on the io thread
};

struct DeleteMessageBatchRequestEntry {
  std::string id;
  std::string receipt_handle;
  static constexpr auto fields() {
    using T = DeleteMessageBatchRequestEntry;
    return std::tuple{field("Id", &T::id, required),
                      field("ReceiptHandle", &T::receipt_handle, required)};
  }
  std::optional<ReceiptHandle> opened;  // checked on the io thread
};
struct DeleteMessageBatchRequest {
  std::string queue_url;
  std::vector<DeleteMessageBatchRequestEntry> entries;
  static constexpr auto fields() {
    using T = DeleteMessageBatchRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("Entries", &T::entries,
                            {.required = true, .query_name = "DeleteMessageBatchRequestEntry"})};
  }
};
struct DeleteMessageBatchResultEntry {
  std::string id;
  static constexpr auto fields() {
    return std::tuple{field("Id", &DeleteMessageBatchResultEntry::id)};
  }
};
struct DeleteMessageBatchResponse {
  std::optional<std::vector<DeleteMessageBatchResultEntry>> successful;
  std::optional<std::vector<BatchResultErrorEntry>> failed;
  static constexpr auto fields() {
    using T = DeleteMessageBatchResponse;
    return std::tuple{
        field("Successful", &T::successful, {.query_name = "DeleteMessageBatchResultEntry"}),
        field("Failed", &T::failed, failed_list)};
  }
};

struct ChangeMessageVisibilityRequest {
  std::string queue_url;
  std::string receipt_handle;
  std::optional<std::int64_t> visibility_timeout;
  static constexpr auto fields() {
    using T = ChangeMessageVisibilityRequest;
    return std::tuple{field("QueueUrl", &T::queue_url, required),
                      field("ReceiptHandle", &T::receipt_handle, required),
                      field("VisibilityTimeout", &T::visibility_timeout, required)};
  }
  std::optional<ReceiptHandle> opened;  // checked on the io thread
};

struct ChangeMessageVisibilityBatchRequestEntry {
  std::string id;
  std::string receipt_handle;
  std::optional<std::int64_t> visibility_timeout;
  static constexpr auto fields() {
    using T = ChangeMessageVisibilityBatchRequestEntry;
    return std::tuple{field("Id", &T::id, required),
                      field("ReceiptHandle", &T::receipt_handle, required),
                      field("VisibilityTimeout", &T::visibility_timeout)};
  }
  std::optional<ReceiptHandle> opened;  // checked on the io thread
};
struct ChangeMessageVisibilityBatchRequest {
  std::string queue_url;
  std::vector<ChangeMessageVisibilityBatchRequestEntry> entries;
  static constexpr auto fields() {
    using T = ChangeMessageVisibilityBatchRequest;
    return std::tuple{
        field("QueueUrl", &T::queue_url, required),
        field("Entries", &T::entries,
              {.required = true, .query_name = "ChangeMessageVisibilityBatchRequestEntry"})};
  }
};
struct ChangeMessageVisibilityBatchResultEntry {
  std::string id;
  static constexpr auto fields() {
    return std::tuple{field("Id", &ChangeMessageVisibilityBatchResultEntry::id)};
  }
};
struct ChangeMessageVisibilityBatchResponse {
  std::optional<std::vector<ChangeMessageVisibilityBatchResultEntry>> successful;
  std::optional<std::vector<BatchResultErrorEntry>> failed;
  static constexpr auto fields() {
    using T = ChangeMessageVisibilityBatchResponse;
    return std::tuple{field("Successful", &T::successful,
                            {.query_name = "ChangeMessageVisibilityBatchResultEntry"}),
                      field("Failed", &T::failed, failed_list)};
  }
};

}  // namespace signalbox::broker::api
