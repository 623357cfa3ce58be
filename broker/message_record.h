// The stored form of a message, and of a redirect: an entry of the ready lane that points to a body
// kept elsewhere. Both begin with the same fixed head, so that a scan of a queue reads 80 bytes
// each.
//
//   u8 format version  u8 kind  u16 reserved  u32 receive count
//   i64 sent_ms  i64 first_received_ms  16 bytes id  16 bytes MD5 of the body
//   u64 body slot (redirects)  u32 sections_bytes
//   sections: u8 tag, u32 length, bytes; repeated        then the body, to the end
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/sqs.h"
#include "broker/ids.h"
#include "broker/queue.h"

namespace signalbox::broker {

// Where a message comes from: lineage is built on it. Empty members are not stored.
struct Origin {
  std::string event_id;  // 36 characters
  std::string bus_arn;
  std::string rule_arn;
  std::string target_id;
  std::string source_queue;  // ARN of the queue it was moved from
};

using Md5 = std::array<unsigned char, 16>;

struct MessageRecord {
  std::uint32_t receive_count = 0;
  std::int64_t sent_ms = 0;
  std::int64_t first_received_ms = 0;
  IdBytes id{};
  Md5 body_md5{};
  std::string sender_id;
  std::string trace_header;
  std::string group_id;
  std::string deduplication_id;
  // SentTimestamp, where the message's age counts from another time (a FIFO dead-letter queue).
  std::optional<std::int64_t> shown_sent_ms;
  std::string dead_letter_source_arn;
  Origin origin;
  api::MessageAttributeMap attributes;
};

constexpr std::size_t message_head_bytes = 68;

// The record up to the body.
std::string encode_message_head(const MessageRecord& record);
// Overwrites the time of an encoded head.
void stamp_sent_ms(char* head, std::int64_t sent_ms);

std::string encode_redirect(Slot body, std::int64_t sent_ms, std::int64_t first_received_ms,
                            std::uint32_t receive_count);

// What a scan needs: the fixed head alone. Nullopt for a newer format or damage.
struct MessageHead {
  bool redirect = false;
  Slot body;  // redirects only
  std::uint32_t receive_count = 0;
  std::int64_t sent_ms = 0;
  std::int64_t first_received_ms = 0;
};
std::optional<MessageHead> read_message_head(std::string_view value);

// The whole record; body points into value.
struct StoredMessage {
  MessageRecord record;
  std::string_view body;
};
std::optional<StoredMessage> read_message(std::string_view value);
// The group alone; empty when it has none.
std::string_view read_group_id(std::string_view value);

// What changes when a message goes to a dead-letter queue.
struct Move {
  std::uint32_t receive_count = 0;
  std::int64_t first_received_ms = 0;
  std::string_view source_arn;
  // To a FIFO queue: its age starts again while SentTimestamp stays what it was, and it is its own
  // duplicate only (the id becomes the message's), as documented of the service.
  bool to_fifo = false;
};
std::optional<std::string> moved_record(std::string_view value, const Move& move);
// Out of a dead-letter queue by a move task: the same message, but new and never received.
std::string redriven_record(const StoredMessage& stored, const IdBytes& id,
                            std::string_view source_arn);

}  // namespace signalbox::broker
