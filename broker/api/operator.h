// Requests and responses of the server's own paths under /_signalbox/sqs: what a person who looks
// after queues asks for, which the SQS protocol has no words for. Names on the wire are ours.
#pragma once

#include "broker/api/fields.h"
#include "broker/api/sqs.h"
#include "broker/ids.h"
#include "broker/message_record.h"

namespace signalbox::broker::api {

// ---- looking ----

struct DescribeQueuesRequest {
  std::optional<std::string> queue;  // only this one: a name, URL or ARN
  std::optional<std::int64_t> limit;
  std::optional<std::string> next;
  static constexpr auto fields() {
    using T = DescribeQueuesRequest;
    return std::tuple{field("queue", &T::queue), field("limit", &T::limit),
                      field("next", &T::next)};
  }
};
struct QueueOverview {
  std::string name;
  std::string url;
  std::string arn;
  std::string account;
  std::string region;
  bool fifo = false;
  std::int64_t visible = 0;
  std::int64_t in_flight = 0;
  std::int64_t delayed = 0;
  std::optional<std::string> dead_letter_target_arn;
  std::optional<std::int64_t> max_receive_count;
  // Of the next message that nobody has received yet, where memory knows it.
  std::optional<std::int64_t> oldest_sent_ms;
  static constexpr auto fields() {
    using T = QueueOverview;
    return std::tuple{field("name", &T::name),
                      field("url", &T::url),
                      field("arn", &T::arn),
                      field("account", &T::account),
                      field("region", &T::region),
                      field("fifo", &T::fifo),
                      field("visible", &T::visible),
                      field("in_flight", &T::in_flight),
                      field("delayed", &T::delayed),
                      field("dead_letter_target_arn", &T::dead_letter_target_arn),
                      field("max_receive_count", &T::max_receive_count),
                      field("oldest_sent_ms", &T::oldest_sent_ms)};
  }
};
struct DescribeQueuesResponse {
  std::vector<QueueOverview> queues;
  std::optional<std::string> next;
  static constexpr auto fields() {
    using T = DescribeQueuesResponse;
    return std::tuple{field("queues", &T::queues), field("next", &T::next)};
  }
};

struct PeekMessagesRequest {
  std::string queue;
  std::optional<std::string> state;  // visible, in_flight, delayed
  std::optional<std::int64_t> limit;
  std::optional<std::string> next;
  std::optional<std::string> id;  // only the message with this id
  static constexpr auto fields() {
    using T = PeekMessagesRequest;
    return std::tuple{field("queue", &T::queue), field("state", &T::state),
                      field("limit", &T::limit), field("next", &T::next), field("id", &T::id)};
  }
};
struct PeekedMessage {
  std::string message_id;
  std::string position;
  std::string state;
  std::string body;
  std::string md5_of_body;
  std::int64_t size_bytes = 0;  // as the queue's limit counts it
  std::int64_t sent_ms = 0;
  std::int64_t receive_count = 0;
  std::optional<std::int64_t> first_received_ms;
  std::optional<std::int64_t> visible_at_ms;  // in flight and delayed ones
  std::optional<std::string> group_id;
  std::optional<std::string> deduplication_id;
  std::optional<std::string> sequence_number;
  std::optional<std::string> sender_id;
  std::optional<std::string> trace_header;
  std::optional<std::string> dead_letter_source_arn;
  // Of the event it was, when it came over a bus.
  std::optional<std::string> event_id;
  std::optional<std::string> rule_arn;
  std::optional<MessageAttributeMap> message_attributes;  // as SendMessage takes them
  static constexpr auto fields() {
    using T = PeekedMessage;
    return std::tuple{field("message_id", &T::message_id),
                      field("position", &T::position),
                      field("state", &T::state),
                      field("body", &T::body),
                      field("md5_of_body", &T::md5_of_body),
                      field("size_bytes", &T::size_bytes),
                      field("sent_ms", &T::sent_ms),
                      field("receive_count", &T::receive_count),
                      field("first_received_ms", &T::first_received_ms),
                      field("visible_at_ms", &T::visible_at_ms),
                      field("group_id", &T::group_id),
                      field("deduplication_id", &T::deduplication_id),
                      field("sequence_number", &T::sequence_number),
                      field("sender_id", &T::sender_id),
                      field("trace_header", &T::trace_header),
                      field("dead_letter_source_arn", &T::dead_letter_source_arn),
                      field("event_id", &T::event_id),
                      field("rule_arn", &T::rule_arn),
                      field("message_attributes", &T::message_attributes)};
  }
};
struct PeekMessagesResponse {
  std::string queue;
  std::string state;
  std::vector<PeekedMessage> messages;
  std::optional<std::string> next;
  static constexpr auto fields() {
    using T = PeekMessagesResponse;
    return std::tuple{field("queue", &T::queue), field("state", &T::state),
                      field("messages", &T::messages), field("next", &T::next)};
  }
};

// ---- changing one message ----

struct DiscardMessageRequest {
  std::string queue;
  std::string position;
  std::optional<bool> force;  // in flight, too
  static constexpr auto fields() {
    using T = DiscardMessageRequest;
    return std::tuple{field("queue", &T::queue), field("position", &T::position),
                      field("force", &T::force)};
  }
};

struct EditMessageRequest {
  std::string queue;
  std::string position;
  std::optional<std::string> body;     // instead of what it has
  std::optional<std::string> send_to;  // a queue: name, URL or ARN
  std::optional<bool> force;           // in flight, too
  static constexpr auto fields() {
    using T = EditMessageRequest;
    return std::tuple{field("queue", &T::queue), field("position", &T::position),
                      field("body", &T::body), field("send_to", &T::send_to),
                      field("force", &T::force)};
  }
  Md5 body_md5{};  // made on the io thread
  IdBytes new_id{};
};

// What was done, and to which message: also what the log says of it. Never a body.
struct ChangedMessage {
  std::string queue;
  std::string message_id;
  std::string md5_of_body;  // before
  std::int64_t size_bytes = 0;
  std::optional<std::string> new_md5_of_body;
  std::optional<std::string> sent_to;
  std::optional<std::string> new_message_id;
  static constexpr auto fields() {
    using T = ChangedMessage;
    return std::tuple{field("queue", &T::queue),
                      field("message_id", &T::message_id),
                      field("md5_of_body", &T::md5_of_body),
                      field("size_bytes", &T::size_bytes),
                      field("new_md5_of_body", &T::new_md5_of_body),
                      field("sent_to", &T::sent_to),
                      field("new_message_id", &T::new_message_id)};
  }
};

}  // namespace signalbox::broker::api
